"""What was asked of a dose before: put off, left open, or let go over a pause. Nobody is asked the same twice at a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Row, func, select

from bot.db.built import built
from bot.db.conversations import Conversation, Question
from bot.db.doses import DosePrompt
from bot.db.timers import Timer
from bot.services import conversing, talks, timers
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.dosing import follow_up_at
from schedules.localtime import elapsed, local

AT_ONCE = timedelta(minutes=10)  # what comes within this is one line on the phone
SOON = timedelta(hours=4)  # so long an answer is waited for before the same is asked again in other words
ASKING = ("ask_both", "ask_take", "ask_did", "ask_hold_check")  # nothing of the dose was told yet


@built
def _waiting_laters(participant_id: Any) -> Executable:
    return (
        select(Timer)
        .where(Timer.participant_id == participant_id, Timer.kind == "later", Timer.state == timers.WAITING)
        .order_by(Timer.due_at, Timer.timer_id)
    )


async def put_off(tx: Tx, timer: Row[Any]) -> set[int]:
    """The doses of this timer and of all that were put off to the same moment, which is done with for all of them.

    Not those that were put off once more, to a later hour: then they are asked.
    """
    wanted, then = set(timer.payload["doses"]), set[int]()
    for other in await tx.all(_waiting_laters(timer.participant_id)):
        if other.timer_id == timer.timer_id:
            continue
        if other.due_at > tx.now + AT_ONCE:
            then |= set(other.payload["doses"])
            continue
        wanted |= set(other.payload["doses"])
        await timers.cancel(tx, timer.participant_id, ("later",), other.key)
    return wanted - then


async def forget_later(tx: Tx, participant_id: int, dose_ids: Collection[int]) -> None:
    """What is asked now need not be asked again in half an hour."""
    for other in await tx.all(_waiting_laters(participant_id)):
        if set(other.payload["doses"]) <= set(dose_ids):
            await timers.cancel(tx, participant_id, ("later",), other.key)


async def comes_at_once(tx: Tx, participant_id: int) -> bool:
    """A question that was put off comes in a moment: that is reminder enough."""
    waiting = await tx.all(_waiting_laters(participant_id))
    return any(one.due_at <= tx.now + AT_ONCE for one in waiting)


async def doses_in(tx: Tx, conversation_id: int) -> set[int]:
    """What this conversation asks about."""
    return set((await tx.execute(_doses_of(conversation_id))).scalars())


@built
def _doses_of(conversation_id: Any) -> Executable:
    return select(DosePrompt.dose_id).where(DosePrompt.conversation_id == conversation_id)


async def close_about(
    tx: Tx, participant_id: int, dose_ids: Collection[int], over: str, *, told: bool | None = None
) -> set[int]:
    """End the open questions about any of these doses, with whomever. Returns the doses that were asked about in them.

    `told`: only those of which something was told already, or nothing.
    """
    wanted, asked, closing = set(dose_ids), set[int](), []
    for one in await talks.open_of(tx, participant_id):
        _, talk = one
        if talk.script.name != "dose" or told is (talk.state.step in ASKING):
            continue
        about = await doses_in(tx, talk.conversation_id)
        if about & wanted:
            closing.append(one)
            asked |= about
    await conversing.end_all(tx, closing, over)
    return asked


@built
def _last_asked(dose_id: Any) -> Executable:
    return select(func.max(DosePrompt.asked_at)).where(DosePrompt.dose_id == dose_id)


async def asked_lately(tx: Tx, doses: Collection[Row[Any]]) -> bool:
    """Whether all of them were, so that nobody waits for another's sake."""
    for dose in doses:
        last: datetime | None = await tx.scalar(_last_asked(dose.dose_id))
        if last is None or elapsed(last, tx.now) >= SOON:
            return False
    return True


async def asked_just_now(tx: Tx, doses: Collection[Row[Any]]) -> set[int]:
    """Of these the ones whose question stands open since a moment ago."""
    found = set[int]()
    for dose in doses:
        last: datetime | None = await tx.scalar(_last_asked(dose.dose_id))
        if (
            last is not None
            and elapsed(last, tx.now) <= AT_ONCE
            and await tx.scalar(_open_about(dose.dose_id))
        ):
            found.add(dose.dose_id)
    return found


def tomorrow(tx: Tx, dose: Row[Any]) -> datetime:
    """The dose's hour on the next day of its own clock."""
    return follow_up_at(local(tx.now, dose.zone).date(), dose.local_time, dose.zone)


@built
def _open_about(dose_id: Any) -> Executable:
    return (
        select(Question.token)
        .join(DosePrompt, DosePrompt.conversation_id == Question.conversation_id)
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(DosePrompt.dose_id == dose_id, Question.state == "open", Conversation.script == "dose")
        .limit(1)
    )


async def let_go(tx: Tx, course: Course, doses: Collection[Row[Any]]) -> list[Row[Any]]:
    """Of these unanswered doses those that were asked about and that nobody will come back to: no question of them stands
    open, or the day after went by without the other question. What was put off comes back by itself, and who was asked
    "did you take it?" is not asked that again."""
    later = {
        one for row in await tx.all(_waiting_laters(course.participant_id)) for one in row.payload["doses"]
    }
    return [dose for dose in doses if dose.dose_id not in later and await _is_let_go(tx, dose)]


async def _is_let_go(tx: Tx, dose: Row[Any]) -> bool:
    last: datetime | None = await tx.scalar(_last_asked(dose.dose_id))
    if last is None or last < dose.due_at:
        return False
    day_after = follow_up_at(dose.local_date, dose.local_time, dose.zone)
    if last >= day_after:
        return False
    return day_after <= tx.now or await tx.scalar(_open_about(dose.dose_id)) is None
