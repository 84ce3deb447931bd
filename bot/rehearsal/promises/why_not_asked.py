"""Why nobody was asked about a dose: a closed list of reasons, each held against what really was.

The record says a reason; the ledger and the orders say whether it was so, and whether it stayed so while the dose could still
have been asked about. What is not in the list is no reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from bot.rehearsal.evidence import A_MINUTE, Evidence
from bot.rehearsal.ledger import Ledger
from bot.rehearsal.plain.calendar import Dose, over, quiet, value_at

A_MOMENT = timedelta(minutes=2)  # between what somebody does and that it counts, where a fault met it
A_NIGHT = timedelta(hours=14)  # quiet hours, with what a house that is away may add to them
TELEGRAM_NEEDS = 2  # to be asked about health, and to have it sent abroad; the page needs the first alone


@dataclass(frozen=True, slots=True)
class Unasked:
    """`timer`: what was to ask; `again`: what was to ask after the restore that stopped it. `begun_at`: when a conversation
    about the dose began without anything being sent unasked.
    """

    evidence: Evidence
    one: Ledger
    dose: Dose
    planned_at: datetime
    timer: Row[Any] | None
    again: Mapping[datetime, Row[Any]]
    begun_at: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """In words, and whether it was so."""

    words: str
    holds: bool


def reason_of(case: Unasked) -> Reason:
    timer = case.timer
    if timer is None or (timer.settled_at is not None and timer.settled_at < case.planned_at):
        spoke = _spoke_of_it(case, case.evidence.as_of)
        return Reason("planned only after its hour", spoke or _planned_too_late(case))
    said = (timer.outcome or "").partition(":")[0]
    check = REASONS.get((timer.state, said))
    words = f"{timer.state}: {timer.outcome}" if timer.outcome else timer.state
    return Reason(words, check is not None and check(case, timer))


def _spoke_of_it(case: Unasked, at: datetime) -> bool:
    """Before anybody asked: he told of it, or began to, and was answered then."""
    begun = (begun for begun in case.begun_at if begun <= at)
    return told(case, at) or any(_did_something(case.one, one) for one in begun)


def told(case: Unasked, at: datetime) -> bool:
    """By himself or by who writes for him. What a restored database forgot was not told."""
    return any(
        (said.drug, said.on) == (case.dose.drug, case.dose.on)
        and said.act.acknowledged_at is not None
        and said.act.acknowledged_at <= at
        and not case.one.forgotten(said.act)
        for said in case.one.said
    )


def _did_something(one: Ledger, at: datetime) -> bool:
    return any(
        act.acknowledged_at is not None and at - A_MOMENT <= act.acknowledged_at <= at for act in one.acts
    )


def _planned_too_late(case: Unasked) -> bool:
    """An order brought it, typed when there was nothing left to ask."""
    ordered = any(abs(order.recorded_at - case.planned_at) < A_MINUTE for order in case.one.orders)
    return ordered and case.dose.closes <= case.planned_at + A_NIGHT


def _spoken_of(case: Unasked, timer: Row[Any]) -> bool:
    return _spoke_of_it(case, timer.settled_at)


def _nothing_left(case: Unasked, timer: Row[Any]) -> bool:
    """He had told of it, or it came into the plan too late; the other medicine of that hour was another matter."""
    return _spoken_of(case, timer) or _planned_too_late(case)


def _paused(case: Unasked, timer: Row[Any]) -> bool:
    return _lasted(case, timer, lambda at: status(case.one, at) == "paused")


def _ended(case: Unasked, timer: Row[Any]) -> bool:
    return status(case.one, timer.settled_at) == "ended"


def status(one: Ledger, at: datetime) -> str:
    known = [order for order in one.orders if order.recorded_at <= at]
    return "ended" if over(known, at) else value_at(known, "status", at)


def _nobody_to_tell(case: Unasked, timer: Row[Any]) -> bool:
    return _lasted(case, timer, lambda at: not any(_reaches(case, phone, at) for phone in _phones(case)))


def _phones(case: Unasked) -> set[str]:
    return {step.phone for step in case.one.agreed}


def _reaches(case: Unasked, phone: str, at: datetime) -> bool:
    """He agreed to all that is asked on this phone, took nothing back, and its chat is open to us."""
    one = case.one
    steps = [step for step in one.agreed if step.at <= at]
    if not steps or not steps[-1].yes:
        return False
    heard = {(act.phone, act.at) for act in one.acts if act.acknowledged_at and act.acknowledged_at <= at}
    given = sum(step.phone == phone and step.yes and (phone, step.at) in heard for step in steps)
    needed = TELEGRAM_NEEDS if case.evidence.phones.get(phone) == "telegram" else 1
    return given >= needed and not closed(one, at, phone)


def closed(one: Ledger, at: datetime, phone: str = "") -> bool:
    """This chat, or any of his, and the house may know it."""
    return any(
        phone in ("", shut.phone) and shut.since <= at and (shut.until is None or at <= shut.until)
        for shut in one.blocked
    )


def _lasted(case: Unasked, timer: Row[Any], was_so: Callable[[datetime], bool]) -> bool:
    """It was so when the record says it, and at every turn until he told of it, ended, or a night before it was too late."""
    then: datetime = timer.settled_at
    if not (was_so(then) or was_so(then - A_MOMENT)):
        return False
    last = min(case.dose.closes, case.evidence.as_of) - A_NIGHT
    turns = (at for at in _turns(case.one) if then < at < last)
    return all(was_so(at) or _spoke_of_it(case, at) or status(case.one, at) == "ended" for at in turns)


def _turns(one: Ledger) -> Iterator[datetime]:
    """A moment after anything changed that decides whether somebody may be asked."""
    for order in one.orders:
        yield order.recorded_at + A_MOMENT
    for act in one.acts:
        if act.what == "agree" and act.acknowledged_at is not None:
            yield act.acknowledged_at + A_MOMENT
    for shut in one.blocked:
        if shut.until is not None:
            yield shut.until + A_MOMENT


def _night(case: Unasked, timer: Row[Any]) -> bool:
    """Whoever may not be woken could not be asked before it was too late."""
    return quiet(case.one.orders, timer.settled_at) and case.dose.closes - timer.settled_at < A_NIGHT


def _house_away(case: Unasked, timer: Row[Any]) -> bool:
    """Nobody was there to ask when its limit passed."""
    return case.evidence.away("house", case.dose.closes, timer.settled_at) is not None


def _restored(case: Unasked, timer: Row[Any]) -> bool:
    """A restore stopped it, and what asks after a restore has a reason of its own."""
    gaps = [gap for gap in case.evidence.gaps if abs(gap.until - timer.settled_at) < A_MINUTE]
    again = case.again.get(gaps[-1].until) if gaps else None
    if again is None or case.dose.due > gaps[-1].until:
        return False
    if again.state == "fired" and (again.outcome or "").startswith(("asked", "nothing_open", "answered")):
        return _spoken_of(case, again) or case.dose.closes <= again.settled_at
    return reason_of(replace(case, timer=again, again={})).holds


def _moved(case: Unasked, timer: Row[Any]) -> bool:
    """An order took it out of the plan, and it came back when there was nothing left to ask."""
    ordered = any(abs(order.recorded_at - timer.settled_at) < A_MINUTE for order in case.one.orders)
    return ordered and case.planned_at > timer.settled_at and _planned_too_late(case)


def _put_off(case: Unasked, timer: Row[Any]) -> bool:
    """Not yet: it is night, or he is being welcomed."""
    as_of = case.evidence.as_of
    ahead = timer.due_at > as_of - A_MINUTE
    return ahead and (quiet(case.one.orders, as_of) or _did_something(case.one, as_of))


Check = Callable[[Unasked, Any], bool]
REASONS: Mapping[tuple[str, str], Check] = {
    ("fired", "asked"): _nothing_left,  # of the other medicine only
    ("fired", "asked_before"): _spoken_of,
    ("fired", "nothing_to_ask"): _nothing_left,
    ("fired", "paused"): _paused,
    ("fired", "ended"): _ended,
    ("fired", "no_contact"): _nobody_to_tell,
    ("fired", "quiet_hours"): _night,
    ("expired", "too_late"): _house_away,
    ("expired", "restored"): _restored,
    ("cancelled", "replanned"): _moved,
    ("cancelled", "cancelled"): _ended,
    ("waiting", ""): _put_off,
}
"""By state and outcome."""
