"""Who was asked about a dose and did not tell of it is asked the day after whether he took it, or the record says why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from bot.rehearsal.evidence import A_MINUTE, Findings, Violation
from bot.rehearsal.plain.calendar import doses
from bot.rehearsal.promises.why_not_asked import REASONS, Unasked, told

TOPIC = "doses:"
AN_ANSWER = timedelta(hours=4)  # so long an answer is waited for


@dataclass(frozen=True, slots=True)
class Asked:
    """One dose that was asked about unasked. `event`: as it is planned. `messages`: those prompts. `begun_at`: when any
    conversation about it began. `timers`: all that follow up, by key.
    """

    case: Unasked
    event: Row[Any]
    messages: Sequence[Row[Any]]
    begun_at: Sequence[datetime]
    timers: Mapping[tuple[str, str], Row[Any]]


def look(found: Findings, asked: Asked, where: str) -> None:
    case, after = asked.case, day_after(asked.event)
    first = min((row.created_at for row in asked.messages), default=after)
    at = _not_at_once(after, asked)
    if not first < at < min(case.dose.closes, case.evidence.as_of - A_MINUTE):
        return
    found.checked += 1
    if told(case, at) or any(begun >= after for begun in asked.begun_at):
        return
    words = {_why(asked, row.topic) for row in asked.messages}
    if "" in words:
        return
    what = f"not followed up the day after, and this was not so: {', '.join(sorted(words))}"
    found.violations.append(Violation(2, what, where, case.dose.due))


def day_after(event: Row[Any]) -> datetime:
    """By the wall clock of where he lived when it was planned."""
    local: time = event.local_time
    on = datetime.combine(event.local_date + timedelta(days=1), local, ZoneInfo(event.zone))
    return on.astimezone(event.due_at.tzinfo)


def _not_at_once(at: datetime, asked: Asked) -> datetime:
    """Who was asked a short time before that hour has the question in hand: then it is the same hour of the next day."""
    zone = ZoneInfo(asked.event.zone)
    while any(begun < at < begun + AN_ANSWER for begun in asked.begun_at):
        at = (at.astimezone(zone) + timedelta(days=1)).astimezone(at.tzinfo)
    return at


def _why(asked: Asked, topic: str) -> str:
    """What the record says of following up these prompts; empty where it was so."""
    case = asked.case
    timer = asked.timers.get(("followup", f"{case.one.participant_id}:{topic.removeprefix(TOPIC)}"))
    if timer is None:
        return "nothing was to follow up"
    if timer.state == "waiting":
        return ""
    then: datetime = timer.settled_at
    if told(case, then) or _was_held(case, then) or any(begun >= then for begun in asked.begun_at):
        return ""
    check = REASONS.get((timer.state, (timer.outcome or "").partition(":")[0]))
    # It need have been so at that moment only: whoever goes on later was asked about it once.
    of_then = replace(case, evidence=replace(case.evidence, as_of=then))
    return "" if check is not None and check(of_then, timer) else f"{timer.state}: {timer.outcome}"


def _was_held(case: Unasked, at: datetime) -> bool:
    """By what was ordered then, and put right since."""
    known = doses([order for order in case.one.orders if order.recorded_at <= at])
    return any((one.drug, one.due, one.held) == (case.dose.drug, case.dose.due, True) for one in known)
