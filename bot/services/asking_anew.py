"""Decisions change what is asked: questions are taken back, asked again, or caught up with after their hour."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, true, update

from bot.db.conversations import Question
from bot.db.doses import DoseEvent, DosePrompt
from bot.db.timers import Timer
from bot.services import asked_before, asking, carrying, people, planning, timers
from bot.services.context import Tx
from bot.services.timeline import Course, load
from schedules.regimen import is_held

ASK_ALONE = timedelta(days=1)
TAKEN_BACK, UNDONE = ":held:", ":again:"  # parts of the keys of what is asked anew


async def hour_passed_by(tx: Tx, course: Course) -> bool:
    """Whether a dose is to be asked about whose hour was asked for already, when it was held or not yet planned."""
    due = await asking.unasked(tx, course, await asking.unanswered(tx, course))
    # Told of half-way: that question stands.
    begun = await carrying.prompted(tx, [row.dose_id for row in due])
    rows = [row for row in due if row.dose_id not in begun]
    if not rows or not await people.reachable(tx, course.participant_id):
        return False
    keys = {planning.prompt_key(course.participant_id, row.due_at) for row in rows}
    ahead = select(Timer.key).where(
        Timer.kind == "prompt", Timer.state == "waiting", Timer.key.in_(sorted(keys))
    )
    return bool(keys - set((await tx.execute(ahead)).scalars()))


async def ask_again(tx: Tx, participant_id: int, before: Course) -> None:
    """A hold or an end that is over, or never was: what was asked, and then taken back for it, is asked again."""
    course = await load(tx, participant_id)
    if course.status != "active":
        return
    asked_now = select(DosePrompt.dose_id).join(
        Question, Question.conversation_id == DosePrompt.conversation_id
    )
    open_now = set(
        (
            await tx.execute(
                asked_now.where(Question.participant_id == participant_id, Question.state == "open")
            )
        ).scalars()
    )
    due = await asking.unanswered(tx, course)
    never = {row.dose_id for row in await asking.unasked(tx, course, due)}  # these the plan catches up with
    again = [
        row.dose_id
        for row in due
        if row.dose_id not in open_now | never
        and (before.status == "ended" or is_held(before.timeline, row.drug, row.due_at))
    ]
    if before.status == "ended":
        # It had cancelled what follows a question. Where that was answered meanwhile, this finds nothing to ask.
        await tx.execute(
            update(Timer)
            .where(Timer.participant_id == participant_id, Timer.kind == "followup")
            .where(Timer.state == "cancelled", Timer.due_at > tx.now)
            .values(state="waiting", settled_at=None, outcome=None)
        )
        tx.woken.add("timers")
    if again:
        key = f"{participant_id}{UNDONE}{tx.now.isoformat(timespec='seconds')}"
        await timers.set_timer(tx, "later", key, participant_id, tx.now, tx.now + ASK_ALONE, {"doses": again})


def of_decision(timer: Row[Any]) -> bool:
    """Whether a decision asks anew, and nobody asked to be asked later."""
    return TAKEN_BACK in timer.key or UNDONE in timer.key


async def settle_begun(tx: Tx, participant_id: int, since: datetime, drug: str | None = None) -> set[int]:
    """What somebody is just telling of doses that a decision reaches is put on record before it, as far as he told it: by the
    plan that he was asked by. Returns the doses that those questions were about. `drug` None: of any.
    """
    if since > tx.now:
        return set()
    reached = (
        select(DoseEvent.dose_id)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.due_at >= since)
        .where(true() if drug is None else DoseEvent.drug == drug)
    )
    doses = (await tx.execute(reached)).scalars()
    return await asked_before.close_about(tx, participant_id, [*doses], "question.changed", told=True)


async def take_back(tx: Tx, participant_id: int, gone: list[int], begun: Collection[int] = ()) -> None:
    """A dose that turns out to have been held, or to be none, is not asked about any longer; what was asked with it is asked
    alone. `begun`: what was asked with questions that are over already.
    """
    asked = await asked_before.close_about(tx, participant_id, gone, "question.changed")
    others = sorted((asked | set(begun)) - set(gone))
    if not others:
        return
    key = f"{participant_id}{TAKEN_BACK}{tx.now.isoformat(timespec='seconds')}"
    await timers.set_timer(tx, "later", key, participant_id, tx.now, tx.now + ASK_ALONE, {"doses": others})
