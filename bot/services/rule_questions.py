"""Questions about the study's rules in a person's own words: its fixed text for his own situation, and the nurse is told.

Nothing is advised that the study has not fixed; what no text answers is passed on as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from bot.db.doses import DoseEvent, DoseReport
from bot.dialogue.notes import StaffWanted
from bot.dialogue.turn import Phrase, Value
from bot.services import noting, outbox, timeline
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.not_now import late_decision
from bot.services.people import Who
from bot.services.timeline import Course
from bot.symptoms.questions import Topic, asked
from schedules.dosing import late_text
from schedules.localtime import local
from schedules.regimen import is_held

ASKED_OF_STAFF = ("told_to_stop", "ill")
"""Why a dose was not taken: a person who knows it looks first, and no text says that it can still be taken."""
Answer = Callable[[Tx, Who, Course, Sequence[str]], Awaitable[list[Phrase]]]


async def question(tx: Tx, who: Who, words: str, delivery: Delivery) -> str | None:
    """Answer a question, or pass it on. None: nothing is asked. Else a word for the record."""
    found = asked(words, tx.ctx.book.questions(tx.now), tx.ctx.book.danger(tx.now)[1])
    if found is None:
        return None
    assert who.participant_id is not None
    about = f"question_{found.topic or 'other'}"
    await noting.carry_out(tx, who, StaffWanted(words, about), delivery.inbox_id)
    lines: list[Phrase] = []
    if found.topic is not None:
        course = await timeline.load(tx, who.participant_id)
        drugs = [drug for drug in await _drugs(tx, course) if drug in found.drugs or not found.drugs]
        lines = await ANSWERS[found.topic](tx, who, course, drugs)
    tail = Phrase("question.tail" if lines else "question.passed_on", {"site_phone": who.site_phone})
    await outbox.reply(tx, who, [*lines, tail], delivery.inbox_id)
    return about


async def _drugs(tx: Tx, course: Course) -> list[str]:
    query = select(DoseEvent.drug).where(
        DoseEvent.participant_id == course.participant_id, DoseEvent.superseded_at.is_(None)
    )
    return sorted(set((await tx.execute(query)).scalars()))


async def _how(tx: Tx, who: Who, course: Course, drugs: Sequence[str]) -> list[Phrase]:
    return [
        Phrase(
            "question.how",
            {
                "drug": Phrase(course.study.drugs[drug].name),
                "advice": Phrase(course.study.drugs[drug].food_advice),
            },
        )
        for drug in drugs
    ]


async def _missed(tx: Tx, who: Who, course: Course, drugs: Sequence[str]) -> list[Phrase]:
    """The late rule on the last dose of each drug that was due and is not on record as taken."""
    lines: list[Phrase] = []
    nothing_missed = True
    for drug in drugs:
        dose = await _last_not_taken(tx, course, drug)
        if dose is None:
            continue
        nothing_missed = False
        decision = await late_decision(tx, course, drug, dose.due_at)
        text_id = late_text(course.study.drugs[drug], decision) if decision else None
        which: dict[str, Value] = {
            "drug": Phrase(course.study.drugs[drug].name),
            "due": local(dose.due_at, dose.zone),
        }
        if text_id is not None:
            lines += [Phrase("question.missed", which), Phrase(text_id, {"site_phone": who.site_phone})]
    return [Phrase("question.nothing_missed")] if nothing_missed else lines


async def _last_not_taken(tx: Tx, course: Course, drug: str) -> Row[Any] | None:
    dose = await tx.first(
        select(DoseEvent)
        .where(DoseEvent.participant_id == course.participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.drug == drug, DoseEvent.due_at <= tx.now)
        .order_by(DoseEvent.due_at.desc())
        .limit(1)
    )
    if dose is None or drug in course.claimed_holds or is_held(course.timeline, drug, dose.due_at):
        return None
    report = await tx.first(
        select(DoseReport.status, DoseReport.reason)
        .where(DoseReport.dose_id == dose.dose_id)
        .order_by(DoseReport.dose_report_id.desc())
        .limit(1)
    )
    settled = report is not None and (report.status == "taken" or report.reason in ASKED_OF_STAFF)
    return None if settled else dose


async def _vomited(tx: Tx, who: Who, course: Course, drugs: Sequence[str]) -> list[Phrase]:
    return [Phrase(course.study.question_texts.vomited, {"site_phone": who.site_phone})]


async def _double(tx: Tx, who: Who, course: Course, drugs: Sequence[str]) -> list[Phrase]:
    return [Phrase(course.study.question_texts.double)]


async def _together(tx: Tx, who: Who, course: Course, drugs: Sequence[str]) -> list[Phrase]:
    return [Phrase(course.study.question_texts.together)]


ANSWERS: Mapping[Topic, Answer] = {
    "how": _how,
    "missed": _missed,
    "vomited": _vomited,
    "double": _double,
    "together": _together,
}
