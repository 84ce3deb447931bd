"""Carry a conversation on: run the pure engine, carry out its notes, put its words into the outbox, keep its state.

All of it is part of one transaction under the participant's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.dialogue import engine
from bot.dialogue.script import DoStep, Script
from bot.dialogue.turn import JSON, SILENCE, Heard, Phrase, Say, State, Turn
from bot.messages import Choice, Press
from bot.services import noting, outbox, people, prompting, sealing, talk_rows, talks, telephones, timers
from bot.services.context import Tx
from bot.services.done import NOTHING, Begin
from bot.services.outbox import Draft, Lane, put, target
from bot.services.people import Who
from bot.services.talks import Talk, open_about, open_scripts

MOST_OUTCOMES = 10
BY_COMMAND = ("nurse", "correct", "stop", "unplanned", "vomited")
OF_A_DOSE = ("correct", "unplanned", "vomited")  # told beside words for the nurse, which then wait
RECORDS = ("recorded.", "settled.both")  # what is told although no question on a screen can show it
LEFT_KIND, LEFT_AFTER, LEFT_LIVES = "talk_left", timedelta(hours=1), timedelta(days=30)
ENDS_WHEN_LEFT = ("unplanned",)  # begun by himself, and no window of a dose closes it
COMMAND = "command"  # stands where a question's token would


@dataclass(frozen=True, slots=True)
class Delivery:
    """How words travel: as the answer to somebody's act, or unasked (`pushed`) for a purpose."""

    inbox_id: int | None = None
    pushed: bool = False
    purpose: str = "reply"
    lives: timedelta = outbox.REPLY_LIVES
    pressed: int | None = None  # our message on which was tapped: what is said in place replaces it


async def begin(
    tx: Tx, who: Who, name: str, slots: Mapping[str, JSON], delivery: Delivery, topic: str | None = None
) -> int:
    """Begin a script with this person, and ask its first question. Returns the conversation's id.

    What was begun by another command and left open makes room.
    """
    if name in BY_COMMAND:
        others = OF_A_DOSE if name in OF_A_DOSE[1:] else BY_COMMAND
        await end_all(tx, await open_scripts(tx, who, others), "question.closed")
    talk, turn = await open_talk(tx, who, name, slots, topic)
    await _carry_out(tx, who, talk, turn, delivery)
    if name in ENDS_WHEN_LEFT:
        key, due_at = f"talk:{talk.conversation_id}", tx.now + LEFT_AFTER
        about = {"conversation_id": talk.conversation_id, "inbox_id": delivery.inbox_id}
        await timers.set_timer(tx, LEFT_KIND, key, who.participant_id, due_at, due_at + LEFT_LIVES, about)
    return talk.conversation_id


async def follow(tx: Tx, who: Who, one: Begin, delivery: Delivery) -> None:
    """Begin what a service asked for. A conversation that is open about the same is gone on with instead."""
    if one.topic is not None and who.participant_id is not None:
        for _, talk in await open_about(tx, who.participant_id, one.topic):
            await ask_again(tx, who, talk, delivery)
            return
    await begin(tx, who, one.script, one.slots, delivery, one.topic)


async def open_talk(
    tx: Tx, who: Who, name: str, slots: Mapping[str, JSON], topic: str | None
) -> tuple[Talk, Turn]:
    """A conversation and its first turn, of which nothing was said yet."""
    definition, script = tx.ctx.book.script(name, tx.now)
    turn = engine.begin(script, slots, local_now(tx, who), tx.ctx.book.lexicon(tx.now))
    state_sealed = await sealing.seal(tx, who.key_id, "state", {})
    between = _between(who)
    given = (*between, who.contact_id, name, definition, state_sealed, topic)
    conversation_id = await talk_rows.begin(tx, given)
    # Not yet begun: whatever the first turn leads to is a move away from here, and is saved.
    unbegun = State(name, "", {})
    return Talk(conversation_id, script, unbegun, None, state_sealed, who.key_id, between), turn


def begun(talk: Talk, state: State) -> Talk:
    """The conversation after its first turn, whose question is not asked because the answer is already there."""
    return replace(talk, state=state)


async def hear(tx: Tx, who: Who, talk: Talk, heard: Heard, delivery: Delivery) -> Turn:
    """One thing heard in a conversation. Returns the last turn, `understood` as of the first."""
    turn = _advance(tx, who, talk.script, talk.state, talks.as_tapped(tx, who, talk, heard))
    last = await _carry_out(tx, who, talk, turn, delivery)
    return replace(last, understood=turn.understood)


async def ask_again(tx: Tx, who: Who, talk: Talk, delivery: Delivery) -> None:
    """The open question once more, under the same token: its older buttons stay good."""
    turn = engine.resume(talk.script, talk.state, local_now(tx, who), tx.ctx.book.lexicon(tx.now))
    for say in turn.says:
        talk = await _say(tx, who, talk, say, delivery)


async def fall_silent(tx: Tx, contact_id: int, talk: Talk, over: str, inbox_id: int | None = None) -> None:
    """Nobody will answer any more: the conversation ends its own way, and its question gives way to the text `over`.

    `inbox_id`: the act that began it, where what follows answers that.
    """
    if not isinstance(talk.script.steps[talk.state.step], DoStep):
        who = await telephones.in_talk(tx, contact_id, talk.between)
        turn = _advance(tx, who, talk.script, talk.state, Heard("outcome", SILENCE))
        await _carry_out(tx, who, talk, replace(turn, says=(), settled=None), Delivery(inbox_id), over=over)


async def end_all(tx: Tx, found: Iterable[tuple[int, Talk]], over: str) -> None:
    for contact_id, talk in found:
        await fall_silent(tx, contact_id, talk, over)


def local_now(tx: Tx, who: Who) -> Any:
    return tx.now.astimezone(ZoneInfo(who.zone))


async def _carry_out(tx: Tx, who: Who, talk: Talk, turn: Turn, delivery: Delivery, *, over: str = "") -> Turn:
    says: list[Say] = []
    begins: list[Begin] = []
    before, on_no_screen = talk.state, talk.token is None
    for _ in range(MOST_OUTCOMES):
        if on_no_screen and turn.settled is not None and turn.settled.text_id.startswith(RECORDS):
            says.append(Say((turn.settled,)))
        says += turn.says
        if over or _leaves_question(talk, turn):
            await _settle(tx, who, talk, turn.settled, delivery, over=over)
            talk = replace(talk, token=None)
        done = NOTHING
        for note in turn.notes:
            done = await noting.carry_out(tx, who, note, delivery.inbox_id)
            says += done.says
            begins += [done.begin] if done.begin else []
            if done.ends_all:
                open_ones = await open_scripts(tx, who)
                ending = [one for one in open_ones if one[1].script.name not in done.but]
                await end_all(tx, ending, "question.closed")
                talk = replace(talk, token=None)
        if any(isinstance(note, noting.ABOUT_THE_PERSON) for note in turn.notes):
            # A stranger became somebody, a patient his daughter; on a telephone that was left, nobody is still nobody.
            met = await people.by_contact(tx, who.contact_id)
            who = who if met.state == "moved" or who.state == telephones.GONE else met
        if not _waits(talk.script, turn):
            break
        assert done.outcome is not None and turn.state is not None
        turn = _advance(tx, who, talk.script, turn.state, Heard("outcome", done.outcome))
    if over:  # of what follows from silence nothing is said and nothing asked
        says, begins = [], []
    if turn.state != before or turn.state is None:
        await _save(tx, who, talk, turn)
    for say in sorted(says, key=lambda say: say.question):  # what is to be answered stands last
        talk = await _say(tx, who, talk, say, delivery)
    for one in begins:
        await follow(tx, who, one, delivery)
    return turn


def _advance(tx: Tx, who: Who, script: Script, state: State, heard: Heard) -> Turn:
    return engine.advance(script, state, heard, local_now(tx, who), tx.ctx.book.lexicon(tx.now))


def _leaves_question(talk: Talk, turn: Turn) -> bool:
    """Whether the open question has its answer: the conversation ended, went on, or asks the next of its kind."""
    if talk.token is None or not turn.understood:
        return False
    if turn.state is None or turn.state.step != talk.state.step:
        return True
    return turn.settled is not None and any(say.question for say in turn.says)


def _waits(script: Script, turn: Turn) -> bool:
    return turn.state is not None and isinstance(script.steps[turn.state.step], DoStep)


async def _save(tx: Tx, who: Who, talk: Talk, turn: Turn) -> None:
    state = turn.state.to_json() if turn.state else {}
    await sealing.reseal(tx, talk.state_key, talk.state_sealed, "state", state)
    if _between(who) != talk.between:  # a stranger who linked in this very turn is somebody from here on
        await talk_rows.link(tx, talk.conversation_id, _between(who))
    if turn.state is None:
        await talk_rows.end(tx, talk.conversation_id)


def _between(who: Who) -> tuple[int | None, int | None]:
    """Participant and correspondent; neither of a stranger, whose conversation is his contact's."""
    return (None, None) if who.participant_id is None else (who.participant_id, who.correspondent_id)


async def _settle(
    tx: Tx, who: Who, talk: Talk, settled: Phrase | None, delivery: Delivery, *, over: str
) -> None:
    """Close the open question; every screen that shows it is edited to show what was recorded, or that it is over."""
    if talk.token is None:
        return
    await outbox.cancel_question(tx, talk.token)
    told = Phrase(over) if over else settled
    text = outbox.lasting(tx, who, told) if told else ""
    sealed = await sealing.seal(tx, who.key_id, "outbound", text) if text else None
    await talk_rows.settle(tx, talk.token, "closed" if over else "answered", sealed, delivery.inbox_id)
    if over:
        await prompting.show_over(tx, who, talk.token, text)
    else:
        await prompting.show_settled(tx, who, talk.token, text, delivery.inbox_id)


async def settle_anew(tx: Tx, who: Who, token: str, settled: Phrase, inbox_id: int | None) -> None:
    """What an answered question says from now on: on the page, and to whoever taps there again."""
    sealed = await sealing.seal(tx, who.key_id, "outbound", outbox.lasting(tx, who, settled))
    await talk_rows.settle(tx, token, "answered", sealed, inbox_id)


async def _say(tx: Tx, who: Who, talk: Talk, say: Say, delivery: Delivery) -> Talk:
    """The conversation with the token of the question that was asked."""
    there = await telephones.screen(tx, who)
    if there is None:
        return talk
    if say.question and talk.token is None:
        talk = replace(talk, token=await talk_rows.ask(tx, who, talk.conversation_id))
    token = talk.token if say.question else None
    if delivery.pushed and token is not None:
        await prompting.push(tx, who, token, say, delivery.purpose, delivery.lives)
    else:
        await put(tx, target(there), _draft(tx, there, say, token, delivery))
    return talk


def _draft(tx: Tx, who: Who, say: Say, token: str | None, delivery: Delivery) -> Draft:
    return Draft(
        purpose=delivery.purpose,
        lane=Lane.REPLY,
        text_id=say.phrases[0].text_id,
        text=outbox.render(tx, who, say.phrases),
        choices=choices(tx, who, say, token),
        token=token,
        pushed=delivery.pushed,
        inbox_id=delivery.inbox_id,
        edits=delivery.pressed if say.in_place else None,
    )


def choices(tx: Tx, who: Who, say: Say, token: str | None) -> tuple[Choice, ...]:
    """Buttons of a question carry its token; those under a plain message are commands."""
    return tuple(
        Choice(outbox.word(tx, who, one.label), Press(token or COMMAND, one.answer)) for one in say.options
    )


async def tell(tx: Tx, who: Who, say: Say, delivery: Delivery) -> None:
    """Plain words with command buttons, outside any conversation."""
    await put(tx, target(who), _draft(tx, who, say, None, delivery))


async def show(tx: Tx, who: Who, talk: Talk, edits: int | None, inbox_id: int) -> None:
    """Turn a neutral line into the question that it announced, in place where the channel can."""
    turn = engine.resume(talk.script, talk.state, local_now(tx, who), tx.ctx.book.lexicon(tx.now))
    for say in turn.says:
        draft = Draft(
            purpose="question",
            lane=Lane.REPLY,
            text_id=say.phrases[0].text_id,
            text=outbox.render(tx, who, say.phrases),
            choices=choices(tx, who, say, talk.token),
            token=talk.token,
            edits=edits,
            inbox_id=inbox_id,
        )
        await put(tx, target(who), draft)
