"""A symptom check told by phone: the participant's own questions on one page."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.console import auth
from bot.console.desk import Page
from bot.console.participant import ONE
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import access, participant_page, phone_symptoms, rule_sets
from bot.symptoms.measures import body_temperature
from bot.symptoms.questionnaire import COLDEST, HOTTEST, YES, Questionnaire

HERE = f"{ONE}/symptoms"


async def blank(visit: Visit) -> Response:
    return await _form(visit)


async def _form(visit: Visit, status: int = 200, fault: str = "") -> Response:
    participant_id = visit.number("participant_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        person = await participant_page.header(tx, visit.staff, participant_id)
        _, check = await rule_sets.check_of(tx, participant_id)
        return visit.page(
            "symptoms.html",
            status,
            now=tx.now,
            tab="overview",
            person=person,
            check=check,
            names=[name for screen in check.screens for name in screen],
            typed=visit.form.fields,
            fault=fault,
            once=auth.new_token(),
        )


async def record(visit: Visit) -> Response:
    participant_id = visit.number("participant_id")
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            await participant_page.header(tx, visit.staff, participant_id)
            _, check = await rule_sets.check_of(tx, participant_id)
            answers = _answers(visit, check)
            words, once = visit.form.note("words"), visit.form.text("once")
            await phone_symptoms.report(tx, visit.staff, participant_id, answers, words, once)
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such"):
            raise
        return await _form(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(f"/console/participants/{participant_id}", "symptoms_recorded")


def _answers(visit: Visit, check: Questionnaire) -> dict[str, Any]:
    """What the form says; a follow-up without its tick counts as a tick: nobody answers about what is not there."""
    form = visit.form
    found: dict[str, Any] = {name: YES for name in ("none", *check.symptoms) if form.has(f"has-{name}")}
    for key, question in check.keys.items():
        typed = form.text(f"degrees-{key}")
        answer: Any = form.text(f"answer-{key}")
        if question.kind == "temperature" and typed:
            answer = body_temperature(typed)
            if answer is None or not COLDEST <= answer <= HOTTEST:
                raise Refused("console.symptoms.temperature")
        if answer:
            found[key] = answer
            found[key.partition(".")[0]] = YES
    return found


PAGES = (
    Page("GET", HERE, "record", blank),
    Page("POST", HERE, "record", record),
)
