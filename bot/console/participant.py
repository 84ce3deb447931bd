"""One participant: treatment, doses cycle by cycle, symptoms, alerts; and why something was sent or not."""

from __future__ import annotations

from starlette.responses import Response

from bot.console.desk import Page
from bot.console.trajectory import draw
from bot.console.visit import Visit
from bot.services import (
    access,
    alert_inbox,
    dose_calendar,
    label_references,
    off_plan,
    participant_page,
    sending_history,
    staff_enrolment,
    symptom_courses,
    timeline,
)
from schedules.localtime import dosing_date

ONE = "/console/participants/{participant_id:row}"


async def overview(visit: Visit) -> Response:
    participant_id = visit.number("participant_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        person = await participant_page.header(tx, visit.staff, participant_id)
        course = await timeline.load(tx, participant_id)
        doses = await dose_calendar.doses(tx, course)
        beside = await off_plan.intakes(tx, course)
        today = dosing_date(tx.now, course.zone, course.study.dosing_day_ends)
        symptoms = await symptom_courses.trajectories(tx, participant_id)
        return visit.page(
            "participant.html",
            now=tx.now,
            tab="overview",
            person=person,
            course=course,
            regimen=participant_page.regimen(course, tx.now),
            cycles=dose_calendar.cycles(course, doses, beside, tx.now, today),
            eligibility=await staff_enrolment.eligibility(tx, participant_id),
            holds=await participant_page.holds(tx, participant_id),
            reach=await participant_page.reach(tx, participant_id),
            invited_until=await participant_page.open_invitation(tx, participant_id),
            symptoms=[(one, draw(one)) for one in symptoms],
            says=await label_references.references(tx, course),
            checks=await symptom_courses.checks(tx, participant_id),
            alerts=await alert_inbox.entries(tx, visit.staff, participant_id=participant_id),
            closed=await alert_inbox.entries(tx, visit.staff, closed=True, participant_id=participant_id),
        )


async def sent(visit: Visit) -> Response:
    participant_id = visit.number("participant_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        return visit.page(
            "sent.html",
            now=tx.now,
            tab="sent",
            person=await participant_page.header(tx, visit.staff, participant_id),
            happenings=await sending_history.history(tx, participant_id),
        )


PAGES = (
    Page("GET", ONE, "look", overview),
    Page("GET", f"{ONE}/sent", "look", sent),
)
