"""From told to closed: who has an alert, what was done, and who is told next when nobody takes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, func, select

from bot.db.alerts import Alert, AlertStep
from bot.db.people import Participant
from bot.db.timers import Timer
from bot.errors import Refused
from bot.services import sealing, timers
from bot.services.alerts import TELLING_LIVES, on_call, set_clock, site_of, step, tell, waiting_at
from bot.services.auditing import note_down, of_participant
from bot.services.context import Tx
from bot.services.locking import lock_participant

IN_HAND = ("acknowledged", "acted")
TAKEN = frozenset({*IN_HAND, "closed"})
END_OF_LIST = "end_of_list"
LEFT = "left"  # why it was opened again: nobody has it any more; otherwise something worse came
LOCKED_IN = (Alert.participant_id, Alert.alert_id)  # the same order for whoever locks several people
WORSE = {"emergency": 0, "urgent": 1, "routine": 2}
Closing = Literal["acted", "closed"]


async def standing(tx: Tx, alert_id: int) -> Row[Any] | None:
    """The step that says how an alert stands: the last one, leaving out mere looks and notices."""
    return await tx.first(
        select(AlertStep)
        .where(AlertStep.alert_id == alert_id)
        .where(AlertStep.step.in_(("acknowledged", "acted", "closed", "reopened")))
        .order_by(AlertStep.alert_step_id.desc())
        .limit(1)
    )


async def acknowledge(tx: Tx, alert_id: int, staff_id: int) -> None:
    """Take an alert. Of two who press at once one wins; the other is Refused and told who has it."""
    alert = await _locked(tx, alert_id)
    now = await standing(tx, alert_id)
    if now is not None and now.step in TAKEN:
        if now.taken_by == f"staff:{staff_id}":
            return
        raise Refused("staff.alert_taken", who=now.taken_by)
    await _record(tx, alert, "acknowledged", staff_id)


async def act(tx: Tx, alert_id: int, staff_id: int, what: str) -> None:
    """Say what was done (a code: called, visited, dose_held, ...)."""
    alert = await _locked(tx, alert_id)
    await _still_open(tx, alert_id)
    await _record(tx, alert, "acted", staff_id, outcome=what)


async def close(tx: Tx, alert_id: int, staff_id: int | None, outcome: str, note: str) -> None:
    """End an alert. Outcome and note are required: an alert without an end is what this is for.

    `staff_id` None: typed on the command line, which knows no person.
    """
    if not outcome.strip() or not note.strip():
        raise Refused("staff.alert_needs_outcome")
    alert = await _locked(tx, alert_id)
    await _still_open(tx, alert_id)
    await _record(tx, alert, "closed", staff_id, outcome=outcome, note=note)


async def reopen_milder(tx: Tx, participant_id: int, tier: str) -> int:
    """A worse answer came: what was taken in hand as milder is open again. Returns how many."""
    rows = await tx.all(select(Alert).where(Alert.participant_id == participant_id).order_by(Alert.alert_id))
    reopened = 0
    for alert in rows:
        now = await standing(tx, alert.alert_id)
        if now is not None and now.step in IN_HAND and WORSE[tier] < WORSE[alert.tier]:
            site = await site_of(tx, participant_id)
            await _reopen(tx, alert, f"worse:{tier}", tx.now + timedelta(minutes=site.escalate_minutes))
            reopened += 1
    return reopened


async def give_back(tx: Tx, staff_id: int) -> int:
    """Somebody left: what he had in hand is open again, and the list is called from its beginning. Returns how many."""
    mine = select(AlertStep.alert_id).where(
        AlertStep.taken_by == f"staff:{staff_id}", AlertStep.step.in_(IN_HAND)
    )
    given = 0
    for alert in await tx.all(select(Alert).where(Alert.alert_id.in_(mine)).order_by(*LOCKED_IN)):
        await lock_participant(tx, alert.participant_id)
        now = await standing(tx, alert.alert_id)
        if now is not None and now.step in IN_HAND and now.taken_by == f"staff:{staff_id}":
            await _reopen(tx, alert, LEFT, tx.now)
            given += 1
    return given


async def _reopen(tx: Tx, alert: Row[Any], why: str, due_at: datetime) -> None:
    """Open again, with a clock of its own unless it waits for the digest."""
    await step(tx, alert.alert_id, "reopened", "system", outcome=why)
    of_participant(tx, alert.participant_id, "system", "alert_reopened", alert=alert.alert_id, why=why)
    # The clock that it had is over: two would call the list twice as fast.
    await timers.cancel(tx, alert.participant_id, ("escalate",), f"{alert.alert_id}:")
    if alert.tier != "routine":
        clocks = (Timer.kind == "escalate", Timer.key.startswith(f"{alert.alert_id}:", autoescape=True))
        levels = [row.payload["level"] for row in await tx.all(select(Timer.payload).where(*clocks))]
        level = 1 + max(levels, default=0)  # a clock that has rung is never set again
        await set_clock(tx, alert.alert_id, alert.participant_id, level, due_at)


async def escalate(tx: Tx, timer: Row[Any]) -> str:
    """Nobody took it in time: the next on the list is told, then the investigator; each step is recorded."""
    alert_id, level = timer.payload["alert_id"], timer.payload["level"]
    now = await standing(tx, alert_id)
    if now is not None and now.step in TAKEN:
        return str(now.step)
    alert = (await tx.execute(select(Alert).where(Alert.alert_id == alert_id))).one()
    site = await site_of(tx, alert.participant_id)
    called, before = await on_call(tx, site.site_id), await _called_before(tx, alert_id)
    person = next((one for one in called if f"staff:{one.staff_id}" not in before), None)
    due_at = tx.now + timedelta(minutes=site.escalate_minutes)
    if person is None:
        if not any(one.startswith("staff:") for one in before) and tx.now < alert.raised_at + TELLING_LIVES:
            # Nobody at all was there to be told: whoever joins the site is.
            await set_clock(tx, alert_id, alert.participant_id, level + 1, due_at)
        if END_OF_LIST not in before:
            await step(tx, alert_id, "escalated", "system", outcome=END_OF_LIST)
        return END_OF_LIST
    waiting = await waiting_at(tx, alert_id)
    targets = [to for to in person.targets if to.contact_id not in waiting]
    await tell(tx, alert_id, site.subject_id, alert.tier, targets, str(level))
    await step(tx, alert_id, "escalated", "system", outcome=f"staff:{person.staff_id}")
    of_participant(tx, alert.participant_id, "system", "alert_escalated", alert=alert_id, level=level)
    await set_clock(tx, alert_id, alert.participant_id, level + 1, due_at)
    return f"told:{person.staff_id}"


async def _called_before(tx: Tx, alert_id: int) -> set[str]:
    """Who was called first, and then one by one, since it is open. Kept by name: the list may be another than when the alert
    was raised, since an address was lost or staff changed it, and nobody on it may be passed over for that.
    """
    again = select(func.max(AlertStep.alert_step_id)).where(
        AlertStep.alert_id == alert_id, AlertStep.step == "reopened"
    )
    since = AlertStep.alert_step_id > func.coalesce(again.scalar_subquery(), 0)
    query = select(AlertStep.outcome).where(AlertStep.alert_id == alert_id, since)
    rows = await tx.all(query.where(AlertStep.step.in_(("told", "escalated"))))
    return {(row.outcome or "").partition(",")[0] for row in rows}


async def _locked(tx: Tx, alert_id: int) -> Row[Any]:
    """The alert, under its participant's lock. Refused when there is none that this transaction may see."""
    alert = await tx.first(select(Alert).where(Alert.alert_id == alert_id))
    if alert is None:
        raise Refused("staff.no_such_alert", id=alert_id)
    await lock_participant(tx, alert.participant_id)
    return alert


async def _still_open(tx: Tx, alert_id: int) -> None:
    now = await standing(tx, alert_id)
    if now is not None and now.step == "closed":
        raise Refused("staff.alert_closed", who=now.taken_by)


async def _record(
    tx: Tx, alert: Row[Any], name: str, staff_id: int | None, *, outcome: str | None = None, note: str = ""
) -> None:
    by = "cli" if staff_id is None else f"staff:{staff_id}"
    key_id = await tx.scalar(
        select(Participant.key_id).where(Participant.participant_id == alert.participant_id)
    )
    note_sealed = await sealing.seal_note(tx, key_id, note)
    await step(tx, alert.alert_id, name, by, outcome=outcome, note_sealed=note_sealed)
    of_participant(tx, alert.participant_id, by, f"alert_{name}", alert=alert.alert_id, outcome=outcome)
    if staff_id is not None:
        note_down(tx, by, by, f"alert_{name}", alert=alert.alert_id)
