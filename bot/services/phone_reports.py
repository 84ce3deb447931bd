"""What was told by phone, written down by staff and marked so. It never overwrites what the participant said: both stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select

from bot.db.conversations import Question
from bot.db.doses import DoseEvent, DosePrompt, DoseReport
from bot.dialogue.notes import DoseReported
from bot.errors import Refused
from bot.services import dosing, people, prompting, unplanned_doses
from bot.services.access import Session
from bot.services.auditing import note_down
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.locking import lock_participant
from bot.services.timeline import load

REASONS = ("forgot", "ill", "told_to_stop", "no_medicine", "other")
AHEAD = timedelta(hours=12)  # a dose taken a little early may be told, too
BEFORE = timedelta(days=7)
MOST_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Told:
    """`taken_at` None with taken: the person does not know when."""

    status: Literal["taken", "not_taken"]
    taken_at: datetime | None = None
    reason: str | None = None
    quantity: int = 1


async def dose(tx: Tx, session: Session, participant_id: int, dose_id: int, told: Told, seen: int) -> None:
    """Record it. `seen`: the last report that the nurse saw, 0 for none; when there is a newer one she looks again.

    Raises Refused: not this participant's dose, not due yet, a time that cannot be.
    """
    await lock_participant(tx, participant_id)
    row = await tx.first(
        select(DoseEvent).where(
            DoseEvent.dose_id == dose_id,
            DoseEvent.participant_id == participant_id,
            DoseEvent.superseded_at.is_(None),
        )
    )
    if row is None:
        raise Refused("console.no_such_dose")
    _plausible(tx.now, row.due_at, told)
    latest = await tx.scalar(
        select(func.coalesce(func.max(DoseReport.dose_report_id), 0)).where(DoseReport.dose_id == dose_id)
    )
    if latest != seen:
        raise Refused("console.dose.meanwhile")
    note = DoseReported(
        str(dose_id),
        told.status,
        told.taken_at,
        "told" if told.taken_at else None,
        told.reason,
        quantity=told.quantity,
    )
    course = await load(tx, participant_id)
    await tx.widen()  # an extra dose is told to staff addresses, which stand outside every site
    report_id = await dosing.record(tx, course, row, note, Author(session.actor, "staff_by_phone"), None)
    note_down(tx, session.actor, session.actor, "dose_recorded", participant=participant_id, report=report_id)
    await _settle_questions(tx, dose_id, told.status)


def _plausible(now: datetime, due_at: datetime, told: Told) -> None:
    if due_at > now + AHEAD:
        raise Refused("console.dose.not_due")
    if not 1 <= told.quantity <= MOST_AT_ONCE:
        raise Refused("console.dose.quantity", most=MOST_AT_ONCE)
    if told.status == "not_taken" and told.reason not in (*REASONS, None):
        raise Refused("console.dose.reason")
    if told.taken_at is not None and not due_at - BEFORE < told.taken_at <= now:
        raise Refused("console.dose.time")


async def vomited(tx: Tx, session: Session, participant_id: int, dose_id: int) -> None:
    """Told by phone: vomited after a dose that was taken. Raises Refused for a dose of somebody else, or not taken."""
    await lock_participant(tx, participant_id)
    latest = await tx.first(
        select(DoseReport.status)
        .where(DoseReport.dose_id == dose_id, DoseReport.participant_id == participant_id)
        .order_by(DoseReport.dose_report_id.desc())
        .limit(1)
    )
    if latest is None or latest.status != "taken":
        raise Refused("console.dose.not_taken_yet")
    await tx.widen()  # alerts go to staff addresses, which stand outside every site
    await unplanned_doses.write_vomited(tx, participant_id, dose_id, Author(session.actor, "staff_by_phone"))
    note_down(tx, session.actor, session.actor, "vomited_recorded", participant=participant_id, dose=dose_id)


async def _settle_questions(tx: Tx, dose_id: int, status: str) -> None:
    """A question about this dose alone is answered now; one that also asks about another drug stays open for that."""
    waiting = (
        select(DosePrompt.conversation_id)
        .where(DosePrompt.dose_id.not_in(select(DoseReport.dose_id).where(DoseReport.dose_id.is_not(None))))
        .scalar_subquery()
    )
    rows = await tx.all(
        select(Question.token, Question.correspondent_id)
        .join(DosePrompt, DosePrompt.conversation_id == Question.conversation_id)
        .where(DosePrompt.dose_id == dose_id, Question.state == "open")
        .where(Question.conversation_id.not_in(waiting))
    )
    for row in rows:
        contacts = await people.contacts_of(tx, row.correspondent_id)
        if contacts:
            await prompting.answered_elsewhere(tx, contacts[0], row.token, row.correspondent_id, status)
