"""What a study team would see after each step: new facts and new alerts, a plain line each, in the order of writing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select

from bot.db.alerts import Alert, AlertStep
from bot.db.database import with_clock
from bot.db.doses import DoseEvent, DoseJudgement, DoseReport
from bot.db.people import Consent, StatusChange
from bot.db.regimens import Habit, Hold, Resume
from bot.db.sites import StaffMember
from bot.db.symptoms import ProvisionalGrade, SymptomCheck, SymptomReport
from bot.services import sealing
from bot.services.context import Ctx, Tx

Tell = Callable[[Tx, Row[Any], ZoneInfo], Awaitable[str]]


class Noticed:
    """Remembers how far it has read, as somebody does who looks on; the house itself remembers nothing for it."""

    def __init__(self, zone: str, *, alert_steps: bool = False) -> None:
        self._zone = ZoneInfo(zone)
        self._told = {**TOLD, AlertStep: _step} if alert_steps else TOLD
        self._read: dict[str, int] = {}

    async def news(self, ctx: Ctx) -> list[str]:
        lines: list[str] = []
        async with ctx.begin_with(_NEWEST) as (tx, newest):
            for table, tell in self._told.items():
                name, key = table.__tablename__, _key(table)
                after = self._read.get(name, 0)
                if (getattr(newest, name) or 0) > after:
                    rows = await tx.all(select(table).where(key > after).order_by(key))
                    lines += [line for row in rows if (line := await tell(tx, row, self._zone))]
                    self._read[name] = getattr(rows[-1], key.name)
        return lines


def _key(table: Any) -> Any:
    return next(iter(table.__table__.primary_key.columns))


async def _consent(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    return f"= consent {row.matter} {row.decision}{_by(row)}"


async def _status(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    return f"= status {row.status} ({row.reason}){_by(row)}"


async def _habit(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    return (
        f"= habit {row.dose_time:%H:%M}, quiet {row.quiet_from:%H:%M}-{row.quiet_to:%H:%M}{_by(row)}"
        if row.as_whom != "staff"
        else ""
    )


async def _hold(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    kind = "confirmed" if row.confirmed else "claimed"
    return f"= hold {row.drug or 'everything'} {kind} from {_local(row.effective_from, zone)}{_by(row)}"


async def _resume(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    hold = await tx.first(select(Hold.drug, Hold.confirmed).where(Hold.hold_id == row.hold_id))
    assert hold is not None
    kind = "" if hold.confirmed else " (the claim is rejected)"
    return f"= resume {hold.drug or 'everything'} from {_local(row.effective_from, zone)}{kind}"


async def _report(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    details = [row.reason, row.precision and f"{row.precision} {_local(row.taken_at, zone)}"]
    known = ", ".join(one for one in details if one) or ("when is not known" if row.status == "taken" else "")
    corrects = await _how(tx, row)
    about = f"{row.drug} beside the plan" if row.dose_id is None else await _dose(tx, row.dose_id)
    return f"= told {about} {row.status}{f' ({known})' if known else ''}{corrects}{_by(row)}"


async def _how(tx: Tx, row: Row[Any]) -> str:
    """Whether it tells more of what was tapped before, or something else."""
    if row.supersedes is None:
        return ""
    query = select(DoseReport).where(DoseReport.dose_report_id == row.supersedes)
    before = (await tx.execute(query)).one()
    known = before.taken_at is not None or before.reason is not None
    return " corrects" if known or before.status != row.status else " completes"


async def _judgement(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    return f"= dose {await _dose(tx, row.dose_id)} {row.status}{f' extra {row.extra}' if row.extra else ''}"


async def _dose(tx: Tx, dose_id: int) -> str:
    dose = (await tx.execute(select(DoseEvent).where(DoseEvent.dose_id == dose_id))).one()
    return f"{dose.drug} C{dose.cycle}D{dose.cycle_day}"


async def _symptoms(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    said = ", ".join(f"{key} {answer}" for key, answer in row.answers.items() if answer != "no") or "nothing"
    week = f" of {row.due_on:%m-%d}" if row.due_on else ""
    return f"= symptoms {row.occasion}{week}{'' if row.complete else ' left off'}: {said}{_by(row)}"


async def _grade(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    if row.grade == 0 and not row.before:
        return ""
    before = "" if row.before is None else f", {row.before} before"
    return f"= provisional {row.term} {row.grade}{before} by {row.basis}"


async def _check(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    return f"= check of {row.due_on:%m-%d} asked"


async def _alert(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    rule = row.rule.partition("@")[0]
    words = await sealing.unseal_text(tx, row.words_sealed)
    named = "" if rule == row.kind else f" {rule}"
    return f"! {row.tier} {row.kind}{named}{f': {words}' if words else ''}".replace("\n", "\\n")


async def _step(tx: Tx, row: Row[Any], zone: ZoneInfo) -> str:
    """Who was told, who took it, how it ended: staff by their roles, of which a scene has one each."""
    about = await _roles(tx, row.outcome or "")
    by = "" if row.taken_by == "system" else f" by {await _roles(tx, row.taken_by)}"
    return f"! alert {row.alert_id} {row.step}{f' {about}' if about else ''}{by}"


async def _roles(tx: Tx, words: str) -> str:
    rows = await tx.all(select(StaffMember.staff_id, StaffMember.role))
    roles = {f"staff:{row.staff_id}": row.role for row in rows}
    return ", ".join(roles.get(one, one) for one in words.split(",") if one)


def _by(row: Row[Any]) -> str:
    return {"self": "", "staff": " by staff"}.get(row.as_whom, f" by {row.as_whom}")


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%m-%d %H:%M}" if at else "?"


TOLD: dict[Any, Tell] = {
    Consent: _consent,
    StatusChange: _status,
    Habit: _habit,
    Hold: _hold,
    Resume: _resume,
    DoseReport: _report,
    DoseJudgement: _judgement,
    SymptomCheck: _check,
    SymptomReport: _symptoms,
    ProvisionalGrade: _grade,
    Alert: _alert,
}
# How far each table has come: most of the time nothing is new.
_NEWEST = with_clock(
    select(
        *(
            select(func.max(_key(table))).scalar_subquery().label(table.__tablename__)
            for table in (*TOLD, AlertStep)
        )
    )
)
