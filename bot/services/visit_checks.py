"""Say what is to be remembered, and ask what is asked now and then: after doses and checks, by a neutral line first."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from bot.dialogue.turn import JSON
from bot.services import (
    asking,
    conversing,
    daily_medicines,
    edge_checks,
    people,
    reminding,
    timers,
    visit_plan,
)
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.people import Who
from bot.services.talks import open_about
from bot.services.timeline import Course, load
from bot.services.timers import Fire, Postpone
from schedules.companions import medicines
from schedules.visit_rules import DAILY
from schedules.visits import FIRST

TOPIC = "visit:"
BEFORE_ONCE = (*edge_checks.BUSY, "off_week", "cycle_start", "pro_ctcae", "prophylaxis", "daily", "visit")
WAIT, PATIENCE = timedelta(hours=1), timedelta(hours=3)


async def ask(tx: Tx, timer: Row[Any]) -> str | Postpone:
    course = await load(tx, timer.participant_id)
    reason = reminding.held_back(tx, course, timer.expires_at)
    if reason is not None:
        return reason
    # What is asked once has days of time: it never stands beside a dose that waits, or another question.
    once = timer.payload["rules"] == [FIRST]
    patient = once or tx.now < datetime.fromisoformat(timer.payload["due_at"]) + PATIENCE
    if patient and (
        await asking.unanswered(tx, course)
        or await edge_checks.busy(tx, timer.participant_id, BEFORE_ONCE if once else edge_checks.BUSY)
    ):
        return Postpone(tx.now + WAIT)
    able = await people.reachable(tx, course.participant_id)
    if not able:
        return "no_contact"
    talk, topic = str(timer.payload["talk"]), f"{TOPIC}{timer.key}"
    for who in asking.each_correspondent(able):
        slots = await _slots(tx, course, who, timer)
        if slots is None:
            return "nothing_to_say"
        delivery = Delivery(pushed=True, purpose="symptom", lives=timer.expires_at - tx.now)
        await conversing.begin(tx, who, talk, slots, delivery, topic)
    limit = timer.expires_at + timedelta(days=3650)
    await timers.set_timer(
        tx, visit_plan.CLOSE, topic, course.participant_id, timer.expires_at, limit, {"topic": topic}
    )
    return f"said:{talk}"


async def _slots(tx: Tx, course: Course, who: Who, timer: Row[Any]) -> dict[str, JSON] | None:
    """What the script is begun with; None where nothing is left to say, because staff changed something meanwhile."""
    about: dict[str, JSON] = {"due_on": timer.payload["due_on"]}
    slots: dict[str, JSON] = {"about": about, "site_phone": who.site_phone}
    if timer.payload["rules"] == [FIRST]:
        return slots | {"ask": "interactions.first"}
    if timer.payload["talk"] == "prophylaxis":
        taken = medicines(course.companions, tx.now, "weekly")
        return slots | {"medicines": [{"matter": name} for name in taken]} if taken else None
    if timer.payload["talk"] == DAILY:
        if daily_medicines.comes_with_dose(tx, course):
            return None
        return await daily_medicines.slots_for(tx, course, date.fromisoformat(timer.payload["due_on"]))
    if timer.payload["talk"] == "visit":
        texts = {rule.id: rule.text for rule in (course.study.visits.rules if course.study.visits else ())}
        lines: list[JSON] = [{"text": texts[name]} for name in timer.payload["rules"] if texts.get(name)]
        return slots | {"lines": lines} if lines else None
    return slots


async def close(tx: Tx, timer: Row[Any]) -> str:
    found = await open_about(tx, timer.participant_id, timer.payload["topic"])
    await conversing.end_all(tx, found, "question.closed")
    return "closed"


FIRE: dict[str, Fire] = {visit_plan.KIND: ask, visit_plan.CLOSE: close}
