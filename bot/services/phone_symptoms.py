"""A symptom check told by phone: the same questions, rules, alerts and grades as from the participant's own telephone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import exists, insert, literal, select

from bot.db.people import Participant
from bot.db.sites import Site
from bot.db.symptoms import SymptomCheck, SymptomReport
from bot.errors import Refused
from bot.services import rule_sets, sealing, symptom_alerts, symptom_answers, symptom_assessing, symptom_slots
from bot.services.access import Session
from bot.services.auditing import note_down, of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.locking import lock_participant
from bot.services.people import Who
from bot.services.staff_messages import first_time
from bot.symptoms.questionnaire import NO, YES

OCCASION = "staff"
WEEK = timedelta(days=7)


async def report(
    tx: Tx, session: Session, participant_id: int, answers: Mapping[str, Any], words: str, once: str
) -> int:
    """Record it; staff are alerted as by any other report. Returns its number. Raises Refused when nothing was told.

    What is not ticked was asked and is not there. `words`: what else was said, kept sealed.
    """
    await lock_participant(tx, participant_id)
    definition, check = await rule_sets.check_of(tx, participant_id)
    told = check.clean({**dict.fromkeys(check.symptoms, NO), **answers})
    if all(told[name] == NO for name in check.symptoms) and answers.get("none") != YES and not words:
        raise Refused("console.symptoms.empty")
    if not await first_time(tx, session, "symptoms_recorded", once):
        raise Refused("console.symptoms.done_before")
    await tx.widen()  # alerts go to staff addresses, which stand outside every site
    person = await _person(tx, participant_id)
    due_on = await _week(tx, participant_id)
    number = await tx.scalar(
        insert(SymptomReport)
        .values(
            participant_id=participant_id,
            questionnaire=check.name,
            definition=definition,
            occasion=OCCASION,
            due_on=due_on,
            answers=told,
            complete=not check.unanswered(told),
            recorded_at=tx.now,
            note_sealed=await sealing.seal_note(tx, person.key_id, words),
            **dataclasses.asdict(Author(session.actor, "staff_by_phone")),
        )
        .returning(SymptomReport.symptom_report_id)
    )
    about = {"report": number, "definition": definition}
    assessed = await symptom_assessing.assess(tx, participant_id, about, told)
    await symptom_assessing.keep_grades(tx, number, participant_id, assessed, "staff_by_phone")
    hits = tuple(hit for hit in assessed.hits if hit.urgency != "none")
    await symptom_alerts.raise_for(tx, person, about, told, assessed, hits, None, over=True)
    if due_on is not None and not check.unanswered(told):
        await symptom_answers.week_answered(tx, person, due_on, None)
    of_participant(tx, participant_id, session.actor, "symptoms_reported", report=number, by_phone=True)
    note_down(tx, session.actor, session.actor, "symptoms_recorded", participant=participant_id, once=once)
    return int(number)


async def _week(tx: Tx, participant_id: int) -> date | None:
    """The week's check that the call answers: the last one asked, if nobody has answered it, or the one due today."""
    answered = exists(literal(1)).where(
        SymptomReport.participant_id == SymptomCheck.participant_id,
        SymptomReport.due_on == SymptomCheck.due_on,
        SymptomReport.complete,
    )
    asked: date | None = await tx.scalar(
        select(SymptomCheck.due_on)
        .where(SymptomCheck.participant_id == participant_id, SymptomCheck.asked_at > tx.now - WEEK)
        .where(~answered)
        .order_by(SymptomCheck.due_on.desc())
        .limit(1)
    )
    return asked or await symptom_slots.due_today(tx, participant_id)


async def _person(tx: Tx, participant_id: int) -> Who:
    """The participant without a telephone of ours: whose key seals, in which language staff read."""
    row = (
        await tx.execute(
            select(Participant, Site.phone, Site.zone)
            .join(Site, Site.site_id == Participant.site_id)
            .where(Participant.participant_id == participant_id)
        )
    ).one()
    return Who(
        contact_id=0,
        channel="phone",
        account="",
        key_id=row.key_id,
        language=row.language,
        participant_id=participant_id,
        relation="self",
        site_id=row.site_id,
        site_phone=row.phone,
        zone=row.zone,
        study=row.study,
    )
