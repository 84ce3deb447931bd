"""What one device of the page may show: the open question, and the conversation so far on whatever channel it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select, update

from bot.db.conversations import Question
from bot.db.inbox import InboxMessage
from bot.db.outbox import OutboundMessage
from bot.db.people import Contact
from bot.dialogue import engine
from bot.dialogue.script import AskStep
from bot.dialogue.turn import Phrase
from bot.messages import Choice, Kind, Press
from bot.services import commands, conversing, outbox, people, sealing, talks
from bot.services.context import Ctx, Tx
from bot.services.conversing import COMMAND
from bot.services.packing import unpack
from bot.services.people import Who

SHOWN = 60  # messages of each direction
MENU = ("today", "calendar", "nurse", "menu")


@dataclass(frozen=True, slots=True)
class Spoken:
    key: str
    mine: bool
    text: str
    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Asked:
    token: str
    text: str
    choices: tuple[Choice, ...]
    progress: str
    takes_words: bool


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


async def view(ctx: Ctx, account: str, address: str) -> Screen | None:
    """None for an unknown device. Looking is being told: what is shown counts as delivered from now on."""
    async with ctx.begin() as tx:
        who = await people.find(tx, "web", account, address)
        if who is None:
            return None
        await _mark_shown(tx, who)
        row = await talks.latest_open(tx, who)
        talk = await talks.talk_of(tx, row) if row is not None else None
        linked = who.participant_id is not None
        return Screen(
            who.contact_id,
            who.language,
            await _spoken(tx, who, talk.token if talk else None),
            _asked(tx, who, talk) if talk else None,
            who.site_phone,
            linked,
            _menu(tx, who) if linked else (),
        )


async def _mark_shown(tx: Tx, who: Who) -> None:
    await tx.execute(
        update(OutboundMessage)
        .where(OutboundMessage.contact_id == who.contact_id, OutboundMessage.state == "queued")
        .values(state="sent", settled_at=tx.now, shown_at=tx.now)
    )


def _asked(tx: Tx, who: Who, talk: talks.Talk) -> Asked | None:
    turn = engine.resume(talk.script, talk.state, conversing.local_now(tx, who), tx.ctx.book.lexicon(tx.now))
    step = talk.script.steps[talk.state.step]
    if not turn.says or talk.token is None:
        return None
    say = turn.says[0]
    words = isinstance(step, AskStep) and step.typed is not None
    return Asked(
        talk.token,
        outbox.render(tx, who, say.phrases),
        conversing.choices(tx, who, say, talk.token),
        "",
        words or not say.options,
    )


def _menu(tx: Tx, who: Who) -> tuple[Choice, ...]:
    labels = {
        name: outbox.word(tx, who, Phrase(f"menu.{name}")) for name in MENU if name in commands.COMMANDS
    }
    return tuple(Choice(label, Press(COMMAND, name)) for name, label in labels.items())


async def _spoken(tx: Tx, who: Who, open_token: str | None) -> tuple[Spoken, ...]:
    """Both sides, oldest first. A settled question shows what was recorded; the open one stands elsewhere."""
    contacts = await _contacts(tx, who)
    lines = [
        *await _ours(tx, who, contacts, open_token),
        *await _theirs(tx, who, contacts),
    ]
    lines.sort(key=lambda line: (line.at, line.key))
    return tuple(lines[-SHOWN:])


async def _contacts(tx: Tx, who: Who) -> list[int]:
    if who.correspondent_id is None:
        return [who.contact_id]
    query = select(Contact.contact_id).where(Contact.correspondent_id == who.correspondent_id)
    return list((await tx.execute(query)).scalars())


async def _ours(tx: Tx, who: Who, contacts: list[int], open_token: str | None) -> list[Spoken]:
    rows = await tx.all(
        select(OutboundMessage, Question.settled_sealed, Question.settled_at.label("answered_at"))
        .outerjoin(Question, Question.token == OutboundMessage.token)
        .where(
            OutboundMessage.contact_id.in_(contacts), OutboundMessage.state.in_(("sent", "sending", "queued"))
        )
        .where(OutboundMessage.purpose != "settle", ~OutboundMessage.text_id.startswith("push."))
        .order_by(OutboundMessage.message_id.desc())
        .limit(SHOWN)
    )
    first_of: dict[str, Row[Any]] = {}
    for row in reversed(rows):
        first_of.setdefault(row.token or f"m{row.message_id}", row)
    return [
        await _our_line(tx, who, row)
        for row in first_of.values()
        if row.token is None or row.token != open_token
    ]


async def _our_line(tx: Tx, who: Who, row: Row[Any]) -> Spoken:
    content = await sealing.unseal_json(tx, row.sealed_id)
    text = str(content.get("text", ""))
    if row.settled_sealed is not None:
        text = f"{text}\n{await sealing.unseal_text(tx, row.settled_sealed)}"
    return _line(tx, who, f"m{row.message_id}", False, text, row.created_at)


async def _theirs(tx: Tx, who: Who, contacts: list[int]) -> list[Spoken]:
    """Words and media. A tap is told by what the question became."""
    rows = await tx.all(
        select(InboxMessage)
        .where(InboxMessage.contact_id.in_(contacts))
        .where(InboxMessage.kind.in_((Kind.TEXT.value, Kind.EDITED.value, Kind.MEDIA.value)))
        .order_by(InboxMessage.inbox_id.desc())
        .limit(SHOWN)
    )
    lines = []
    for row in rows:
        sealed = await sealing.unseal(tx, row.sealed_id)
        if sealed is not None:
            said = unpack(row, sealed)
            kind = said.media.kind if said.media else "other"
            text = said.text or outbox.word(tx, who, Phrase(f"page.media.{kind}"))
            lines.append(_line(tx, who, f"i{row.inbox_id}", True, text, row.received_at))
    return lines


def _line(tx: Tx, who: Who, key: str, mine: bool, text: str, at: datetime) -> Spoken:
    local = at.astimezone(ZoneInfo(who.zone))
    label = tx.ctx.wording.say(who.language, local, tx.now.astimezone(ZoneInfo(who.zone)))
    return Spoken(key, mine, text, local, label)


async def newest(ctx: Ctx, account: str, address: str) -> tuple[Any, ...]:
    """A small value that differs whenever the screen does: what the live page watches."""
    async with ctx.begin() as tx:
        who = await people.find(tx, "web", account, address)
        if who is None:
            return ()
        contacts = await _contacts(tx, who)
        row = (
            await tx.execute(
                select(
                    select(func.max(OutboundMessage.message_id))
                    .where(OutboundMessage.contact_id.in_(contacts))
                    .scalar_subquery(),
                    select(func.max(Question.settled_at))
                    .where(Question.correspondent_id == who.correspondent_id)
                    .scalar_subquery(),
                    select(func.count())
                    .select_from(Question)
                    .where(Question.correspondent_id == who.correspondent_id, Question.state == "open")
                    .scalar_subquery(),
                )
            )
        ).one()
        return tuple(row)


async def contact_of(ctx: Ctx, account: str, address: str) -> int | None:
    async with ctx.begin() as tx:
        who = await people.find(tx, "web", account, address)
        return None if who is None else who.contact_id
