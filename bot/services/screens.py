"""What one device of the page may show: the open question, the conversation so far, and what can always be done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, func, select, update

from bot.db.built import built
from bot.db.conversations import Question
from bot.db.inbox import InboxMessage
from bot.db.outbox import OutboundMessage
from bot.dialogue import engine
from bot.dialogue.hearing import READINGS
from bot.dialogue.script import AskStep
from bot.dialogue.turn import Phrase, Say
from bot.messages import Choice, Press
from bot.services import commands, conversing, outbox, people, sealing, talks
from bot.services.context import Ctx, Tx
from bot.services.conversing import COMMAND
from bot.services.people import Who
from bot.services.screen_lines import Spoken, contacts_of, spoken

# The page shows it beside the question, not within.
PROGRESS = ("dose.progress", "symptom.progress", "symptom.progress.screen")


@dataclass(frozen=True, slots=True)
class Asked:
    token: str
    text: str
    choices: tuple[Choice, ...]
    progress: str  # "1/2", or empty
    takes_words: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    contact_id: int
    language: str
    spoken: tuple[Spoken, ...]
    asked: Asked | None
    site_phone: str
    linked: bool
    menu: tuple[Choice, ...]


async def knows(ctx: Ctx, account: str, address: str) -> bool:
    async with ctx.begin() as tx:
        return await people.find(tx, "web", account, address) is not None


async def follows(ctx: Ctx, account: str, address: str) -> bool:
    """Whether there is anything that this device may wait for."""
    async with ctx.begin() as tx:
        who = await people.find(tx, "web", account, address)
        return who is not None and who.state != "moved"


async def view(ctx: Ctx, account: str, address: str, *, history: bool = True) -> Screen | None:
    """None for an unknown device. Looking is being told: what is shown counts as delivered from now on.

    Without `history` the open question alone is read: enough for whoever looks at nothing else.
    """
    async with ctx.begin() as tx:
        who = await people.find(tx, "web", account, address)
        if who is None:
            return None
        await tx.execute(_shown(who.contact_id, tx.now))
        who = people.of_this_screen(who)
        row = await talks.latest_open(tx, who)
        talk = await talks.talk_of(tx, row) if row is not None else None
        linked = who.participant_id is not None
        asked = await _asked(tx, who, talk) if talk else None
        return Screen(
            who.contact_id,
            who.language,
            await spoken(tx, who, talk.token if talk else None) if history else (),
            replace(asked, at=row.asked_at) if asked and row else None,
            who.site_phone,
            linked,
            _menu(tx, who) if linked else (),
        )


@built
def _shown(contact_id: Any, now: Any) -> Executable:
    return (
        update(OutboundMessage)
        .where(OutboundMessage.contact_id == contact_id, OutboundMessage.state == "queued")
        .values(state="sent", settled_at=now, shown_at=now)
    )


async def _asked(tx: Tx, who: Who, talk: talks.Talk) -> Asked | None:
    turn = engine.resume(talk.script, talk.state, conversing.local_now(tx, who), tx.ctx.book.lexicon(tx.now))
    if not turn.says or talk.token is None:
        return None
    say = turn.says[0]
    step = talk.script.steps[talk.state.step]
    takes_words = (isinstance(step, AskStep) and step.typed is not None) or not say.options
    progress = _progress(talk)
    if talk.state.misheard or READINGS in talk.state.slots:
        said = await _asked_last(tx, talk.token)
        if said is not None:
            return Asked(talk.token, said[0], said[1], progress, takes_words)
    text = outbox.render(tx, who, _without_progress(say))
    return Asked(talk.token, text, conversing.choices(tx, who, say, talk.token), progress, takes_words)


def _without_progress(say: Say) -> tuple[Phrase, ...]:
    return tuple(phrase for phrase in say.phrases if phrase.text_id not in PROGRESS)


def _progress(talk: talks.Talk) -> str:
    """Where one stands among several questions, if the script counts them."""
    slots = talk.state.slots
    return f"{slots['number']}/{slots['count']}" if slots.get("many") else ""


async def _asked_last(tx: Tx, token: str) -> tuple[str, tuple[Choice, ...]] | None:
    """The question in the words it was last put in: after something that was not understood, these are others."""
    row = await tx.first(
        select(OutboundMessage.sealed_id)
        .where(OutboundMessage.token == token, ~OutboundMessage.pushed)
        .order_by(OutboundMessage.message_id.desc())
        .limit(1)
    )
    content = await sealing.unseal_json(tx, row.sealed_id) if row is not None else {}
    if not content.get("choices"):
        return None
    pressed = tuple(Choice(label, Press.parse(data)) for label, data, _ in content["choices"] if data)
    return str(content["text"]), pressed


def _menu(tx: Tx, who: Who) -> tuple[Choice, ...]:
    """All that can always be done, once it is agreed. Whoever paused finds the way back where the stop was."""
    if who.status == "ended" or "health_data" not in who.consents:
        return ()
    names = ["resume" if name == "stop" and who.status == "paused" else name for name in commands.MENU]
    return tuple(Choice(outbox.word(tx, who, Phrase(f"menu.{name}")), Press(COMMAND, name)) for name in names)


async def newest(ctx: Ctx, account: str, address: str) -> tuple[Any, ...]:
    """A small value that differs whenever the screen does: what the live page watches."""
    async with ctx.begin() as tx:
        who = await people.find(tx, "web", account, address)
        if who is None:
            return ()
        who = people.of_this_screen(who)
        mine = talks.asked_of(who)
        queries = (
            select(func.max(OutboundMessage.message_id)).where(
                OutboundMessage.contact_id.in_(await contacts_of(tx, who))
            ),
            select(func.max(Question.settled_at)).where(*mine),
            select(func.count()).select_from(Question).where(*mine, Question.state == "open"),
        )
        return tuple((await tx.execute(select(*(query.scalar_subquery() for query in queries)))).one())


async def waits_for(ctx: Ctx, inbox_id: int) -> int | None:
    """Under whose lock a message waits to be handled; None once it is."""
    async with ctx.begin() as tx:
        query = select(InboxMessage.lock_key)
        found: int | None = await tx.scalar(
            query.where(InboxMessage.inbox_id == inbox_id, InboxMessage.state == "pending")
        )
        return found


async def contact_of(ctx: Ctx, account: str, address: str) -> int | None:
    async with ctx.begin() as tx:
        who = await people.find(tx, "web", account, address)
        return None if who is None else who.contact_id
