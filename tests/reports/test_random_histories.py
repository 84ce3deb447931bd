"""Whatever happens between a patient, a network and a ward: every dose is in one category, and no report changes later.

Small random histories are played through the real services; planned doses are counted a second time, straight from the rows.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, select

from bot.db.doses import DoseEvent
from bot.db.embedded import EmbeddedPostgres
from bot.db.people import StatusChange
from bot.db.regimens import RegimenAssignment
from bot.errors import Refused, Unclear
from bot.messages import Kind
from bot.rehearsal.stage import Stage
from bot.reports.compliance import Compliance, compliance
from bot.reports.compliance_json import compliance_json
from bot.reports.printed import Reader
from bot.services import decisions
from bot.services.decisions import Order
from tests.support import database as databases
from tests.support.house import PHONE, STAFF, Town, enrolled, opened

STUDY = "nct04217967"
BEGINS = datetime(2026, 11, 2, 7, 50, tzinfo=ZoneInfo("Asia/Shanghai"))
DRUGS = {
    "ixazomib": ("ixazomib",),
    "lenalidomide": ("lenalidomide",),
    "combination": ("ixazomib", "lenalidomide"),
}
PATIENT = ("taken", "not_taken", "later", "cannot_say", "correct", "unclear", "silent")
WARD = ("hold", "resume", "pause", "go_on", "arm", "level", "cycle", "end")
Step = tuple[int, str, int]  # hours to wait, what happens then, how many hours ago a decision takes effect
STEPS = st.lists(
    st.tuples(st.integers(1, 70), st.sampled_from(PATIENT * 2 + WARD), st.integers(-24, 96)),
    min_size=3,
    max_size=6,
)


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(arm=st.sampled_from(sorted(DRUGS)), linked=st.booleans(), steps=STEPS)
@example(
    arm="combination",
    linked=True,
    steps=[(1, "taken", 0), (48, "not_taken", 0), (30, "hold", 60), (60, "resume", 10), (70, "end", 90)],
)
@example(arm="lenalidomide", linked=True, steps=[(2, "unclear", 0), (70, "arm", 30), (70, "go_on", 0)])
def test_every_dose_is_in_one_category(
    postgres: EmbeddedPostgres, arm: str, linked: bool, steps: list[Step]
) -> None:
    with databases.fresh_database(postgres) as name:
        asyncio.run(_play(databases.runtime_url(postgres, name), arm, linked, steps))


async def _play(unmade_url: str, arm: str, linked: bool, steps: list[Step]) -> None:
    async with opened(unmade_url, BEGINS) as town:
        participant = await enrolled(town, arm)
        stage = Stage(town.ctx)
        phone = stage.phone("1001")
        if linked:
            await stage.hear(phone, Kind.START, text=participant.invited.code)
            for words in (PHONE[-4:], "1", "1", "1", "1", "1"):
                await stage.say(phone, words)
        seen: dict[datetime, str] = {}
        at = BEGINS.astimezone(UTC)
        for hours, what, ago in steps:
            at += timedelta(hours=hours)
            await stage.move_to(at)
            seen[at - timedelta(seconds=1)] = await _bytes(town, at - timedelta(seconds=1))
            await _happens(town, stage, participant.participant_id, what, ago)
        await stage.move_to(at + timedelta(days=5))
        for instant, said in seen.items():
            assert await _bytes(town, instant) == said
        for instant in (*seen, at + timedelta(days=5)):
            await _adds_up(town, participant.participant_id, instant)


async def _happens(town: Town, stage: Stage, participant_id: int, what: str, ago: int) -> None:
    phone = stage.phone("1001")
    if what in WARD:
        with suppress(Refused):
            await _decide(town, participant_id, what, ago)
        await stage.settle()
    elif what == "unclear":
        phone.fails.append(Unclear("read_timeout"))
    elif what == "correct":
        await stage.say(phone, "更正")
    elif what != "silent":
        for label in (
            "查看",
            {"taken": "吃了", "not_taken": "没吃", "later": "晚点再说"}.get(what, "记不清了"),
        ):
            with suppress(KeyError):
                await stage.press(phone, label)
        for label in ("刚刚吃的", "没想起来"):
            with suppress(KeyError):
                await stage.press(phone, label)


async def _decide(town: Town, participant_id: int, what: str, ago: int) -> None:
    async with town.ctx.begin() as tx:
        order = Order(STAFF, tx.now - timedelta(hours=ago), "withdrawal" if what == "end" else "toxicity")
        match what:
            case "hold":
                await decisions.hold(tx, participant_id, order, None)
            case "resume":
                await decisions.resume(tx, participant_id, order, None)
            case "arm":
                await decisions.set_arm(tx, participant_id, order, "ixazomib")
            case "level":
                await decisions.set_level(tx, participant_id, order, "lenalidomide", "10mg")
            case "cycle":
                first = (order.effective_from + timedelta(days=2)).date()
                await decisions.start_cycle(tx, participant_id, order, 2, first)
            case _:
                status = {"pause": "paused", "go_on": "active", "end": "ended"}[what]
                await decisions.set_status(tx, participant_id, order, status)


async def _report(town: Town, as_of: datetime) -> Compliance:
    async with town.ctx.begin() as tx:
        return await compliance(tx, STUDY, as_of=as_of)


async def _bytes(town: Town, as_of: datetime) -> str:
    return compliance_json(await _report(town, as_of), Reader(town.ctx.wording, "en"))


async def _adds_up(town: Town, participant_id: int, as_of: datetime) -> None:
    report = await _report(town, as_of)
    planned = await _planned(town, participant_id, as_of)
    for line in (*report.study, *report.people):
        tally = line.tally
        assert tally.planned == sum(not line.drug or drug == line.drug for drug in planned)
        categories = (
            tally.held,
            tally.in_window,
            tally.late,
            tally.missed,
            tally.unanswered,
            tally.not_asked,
        )
        assert sum(categories) + tally.open == tally.planned
        assert sum(line.reasons.values()) == tally.missed
    for group in (report.cycles, report.arms, report.sites):
        own = [line.tally.planned for line in group if not line.drug or line.kind == "cycle"]
        assert sum(own) == len(planned)


async def _planned(town: Town, participant_id: int, as_of: datetime) -> list[str]:
    """Drugs of the doses that were due and planned, as far as was on record: plain loops over plain rows."""
    async with town.ctx.begin() as tx:
        doses = await tx.all(select(DoseEvent).where(DoseEvent.participant_id == participant_id))
        arms = await tx.all(select(RegimenAssignment).where(RegimenAssignment.recorded_at <= as_of))
        statuses = await tx.all(select(StatusChange).where(StatusChange.recorded_at <= as_of))
    found = []
    cycles = {dose.cycle: dose.local_date for dose in doses if dose.cycle_day == 1 and _living(dose, as_of)}
    last = max(statuses, key=lambda row: (row.effective_from, row.status_change_id), default=None)
    for dose in doses:
        if not _living(dose, as_of) or dose.due_at > as_of:
            continue
        if last is not None and last.status == "ended" and dose.due_at >= last.effective_from:
            continue
        if dose.cycle == 1 and 2 in cycles and dose.local_date >= cycles[2]:
            continue
        begun = [row for row in arms if row.effective_from <= dose.due_at]
        arm = max(begun, key=lambda row: (row.effective_from, row.regimen_assignment_id)).arm
        if dose.drug in DRUGS[arm]:
            found.append(dose.drug)
    return found


def _living(dose: Row[Any], as_of: datetime) -> bool:
    superseded: datetime | None = dose.superseded_at
    planned: bool = dose.planned_at <= as_of
    return planned and (superseded is None or superseded > as_of)
