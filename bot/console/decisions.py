"""Cycles, holds, levels, arms, pause and end: chosen, shown with what would change, then made."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.console.desk import Page
from bot.console.moments import day, moment
from bot.console.participant import ONE
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import access, cycle_gates, decision_log, participant_page, staff_decisions, timeline
from bot.services.decisions import END_REASONS
from bot.services.staff_decisions import KINDS, REASONS, Decision
from schedules import gates
from schedules.localtime import dosing_date

HERE = f"{ONE}/decisions"
FIELDS = ("what", "reason", "since", "drug", "level", "arm", "cycle", "first_day", "note")
OVERRIDE = "override"  # chosen on the preview, where the conditions are seen


async def choose(visit: Visit) -> Response:
    return await _show(visit)


async def _show(visit: Visit, status: int = 200, fault: str = "") -> Response:
    participant_id = visit.number("participant_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        person = await participant_page.header(tx, visit.staff, participant_id)
        course = await timeline.load(tx, participant_id)
        return visit.page(
            "decisions.html",
            status,
            now=tx.now,
            tab="decisions",
            person=person,
            course=course,
            regimen=participant_page.regimen(course, tx.now),
            today=dosing_date(tx.now, course.zone, course.study.dosing_day_ends),
            reasons=REASONS,
            ends=END_REASONS,
            made=await decision_log.made(tx, visit.staff, participant_id),
            fault=fault,
            typed=_typed(visit),
        )


async def preview(visit: Visit) -> Response:
    return await _preview(visit)


async def _preview(visit: Visit, fault: str = "") -> Response:
    participant_id = visit.number("participant_id")
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            person = await participant_page.header(tx, visit.staff, participant_id)
            zone = (await timeline.load(tx, participant_id)).zone
            now = tx.now
        decision = _decision(visit, zone)
        found = await staff_decisions.preview(visit.ctx, visit.staff, participant_id, decision)
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such_participant"):
            raise
        return await _show(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return visit.page(
        "preview.html",
        409 if fault else 200,
        now=now,
        tab="decisions",
        person=person,
        decision=decision,
        change=found.change,
        seen=found.seen,
        gate=found.gate,
        passed=gates.passed(found.gate),
        overrides=cycle_gates.OVERRIDES,
        fault=fault,
        fields=_typed(visit),
    )


async def make(visit: Visit) -> Response:
    """On anything new in the record the preview comes again, with what it would change now."""
    participant_id = visit.number("participant_id")
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            await participant_page.header(tx, visit.staff, participant_id)
            zone = (await timeline.load(tx, participant_id)).zone
            decision = _decision(visit, zone)
            seen = visit.form.number("seen")
            await staff_decisions.make(
                tx, visit.staff, participant_id, decision, -1 if seen is None else seen
            )
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such_participant"):
            raise
        return await _preview(visit, visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(f"/console/participants/{participant_id}", "decided")


def _typed(visit: Visit) -> dict[str, str]:
    return {**{name: visit.form.text(name) for name in FIELDS}, "note": visit.form.note("note")}


def _decision(visit: Visit, zone: str) -> Decision:
    form = visit.form
    values: dict[str, Any] = {name: form.text(name) for name in ("what", "reason", "level", "arm", OVERRIDE)}
    if values["what"] not in KINDS:
        raise Refused("console.decision.choose")
    since = moment(form.text("since"), zone)
    if form.text("since") and since is None:
        raise Refused("console.decision.since")
    return Decision(
        **values,
        since=since,
        drug=form.text("drug") or None,
        cycle=form.number("cycle"),
        first_day=day(form.text("first_day")),
        note=form.note("note"),
    )


PAGES = (
    Page("GET", HERE, "decide", choose),
    Page("POST", f"{HERE}/preview", "decide", preview),
    Page("POST", HERE, "decide", make),
)
