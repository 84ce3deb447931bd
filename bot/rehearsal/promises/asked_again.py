"""After a restore each dose that may have been told in the gap is asked about again, and seen; or his ledger says why not."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from bot.db.doses import DoseEvent, DosePrompt
from bot.db.timers import Timer
from bot.rehearsal.evidence import A_MINUTE, Evidence, Findings, Gap, Violation
from bot.rehearsal.ledger import Ledger, Said, Seen
from bot.rehearsal.plain.calendar import Dose, doses, over, quiet, value_at
from bot.rehearsal.reading import DRUGS, read
from bot.services.context import Tx

ABOUT_THE_PAST = ("did", "hold_check")
NAMES = {drug: name for name, drug in DRUGS.items()}
A_WHILE = timedelta(minutes=10)
NOT_ASKED, NOT_SEEN = "not asked again", "asked again, and seen on no screen"  # anything else is a reason

Key = tuple[int, str, datetime]


async def count(tx: Tx, found: Findings, evidence: Evidence, gap: Gap) -> None:
    """Of everybody and of each dose, what became of it."""
    key = gap.until.isoformat(timespec="seconds")
    restored = await tx.all(select(Timer).where(Timer.kind == "restored"))
    timers = {row.participant_id: row for row in restored if row.key.endswith(key)}
    prompts: defaultdict[Key, list[Row[Any]]] = defaultdict(list)
    for row in await tx.all(_PROMPTS.where(DosePrompt.asked_at >= gap.until)):
        prompts[row.participant_id, row.drug, row.due_at].append(row)
        if row.mode == "take" and row.due_at <= gap.until:
            where = f"participant {row.participant_id} {row.drug}"
            found.violations.append(
                Violation(9, "told to take what may have been taken", where, row.asked_at)
            )
    for participant_id, one in evidence.by_participant().items():
        found.checked += 1
        _of_person(found, evidence, one, timers.get(participant_id), gap)
        for dose in open_at(one, gap):
            found.checked += 1
            own = prompts[participant_id, dose.drug, dose.due]
            asked = [row.asked_at for row in own if row.asked_at < dose.closes]
            what = of_dose(evidence, one, dose, gap, min(asked, default=None))
            where = f"{one.subject_id} {dose.drug} C{dose.cycle}D{dose.day}"
            if what in (NOT_ASKED, NOT_SEEN):
                found.violations.append(Violation(9, what, where, dose.due))
            elif what:
                found.allowed[what] += 1


def open_at(one: Ledger, gap: Gap) -> list[Dose]:
    """What the restored database had to ask about: due, not held, not closed, and surely not told before the backup."""
    known = [order for order in one.orders if order.recorded_at <= gap.until]
    told = {(said.drug, said.on) for said in _told(one, gap) if not said.doubtful}
    return [
        dose
        for dose in doses(known)
        if dose.due <= gap.until < dose.closes and not dose.held and (dose.drug, dose.on) not in told
    ]


def _told(one: Ledger, gap: Gap) -> list[Said]:
    """Before the backup."""
    return [said for said in one.said if (at := said.act.acknowledged_at) is not None and at < gap.since]


def _of_person(found: Findings, evidence: Evidence, one: Ledger, timer: Row[Any] | None, gap: Gap) -> None:
    """He was asked again, or the reason on record is also that of his ledger."""
    where = one.subject_id
    if timer is None:
        found.violations.append(Violation(9, "not to be asked again", where))
        return
    outcome, at = timer.outcome or "", timer.settled_at or evidence.as_of
    if timer.state == "waiting" and timer.due_at >= evidence.as_of - A_MINUTE:
        found.allowed["put off"] += 1
    elif timer.state == "fired" and outcome.startswith("asked"):
        return
    elif timer.state in ("fired", "cancelled") and _fits(one, outcome, at):
        found.allowed[f"nothing to ask again: {outcome}"] += 1
    else:
        what = f"not asked again: {timer.state} {outcome}".strip()
        found.violations.append(Violation(9, what, where, timer.due_at))


def _fits(one: Ledger, outcome: str, at: datetime) -> bool:
    """Each reason by what he did himself, or what the site decided about him."""
    match outcome:
        case "nothing_open" | "answered":
            return True  # whether there was something to ask is looked at dose by dose
        case "no_contact":
            return not reachable(one, at)
        case "quiet_hours":
            return quiet(one.orders, at)
        case "paused" | "ended" | "cancelled":
            return _left(one, at)
        case _:
            return False


def reachable(one: Ledger, at: datetime) -> bool:
    """He agreed on a phone whose chat he had not shut."""
    steps = [step for step in one.agreed if step.at <= at]
    shut = {phone for phone, since, until in one.shut if since <= at <= _opened(one, until)}
    return bool(steps) and steps[-1].yes and any(step.phone not in shut for step in steps if step.yes)


def _opened(one: Ledger, until: datetime) -> datetime:
    """When we knew of it: with the first thing he did since that was not lost in a gap."""
    done = [act.acknowledged_at for act in one.acts if act.at >= until and not one.forgotten(act)]
    return min((at for at in done if at is not None), default=datetime.max.replace(tzinfo=until.tzinfo))


def _left(one: Ledger, at: datetime) -> bool:
    return over(one.orders, at) or value_at(one.orders, "status", at) in ("paused", "ended")


def of_dose(evidence: Evidence, one: Ledger, dose: Dose, gap: Gap, asked: datetime | None) -> str:
    """Nothing where he was asked and saw it; otherwise why not, by his ledger; or NOT_ASKED, NOT_SEEN."""
    if asked is None:
        return _not_asked(evidence, one, dose, gap)
    seen = [shown for shown in one.seen if asked <= shown.at < dose.closes]
    if any(_asks(one, shown, dose) for shown in seen):
        return ""
    return _not_seen(evidence, one, dose, asked, seen)


def _not_asked(evidence: Evidence, one: Ledger, dose: Dose, gap: Gap) -> str:
    first = _first_chance(evidence, one, gap.until)
    if any((said.drug, said.on) == (dose.drug, dose.on) for said in _told(one, gap)):
        return "not asked again: told before the backup, where a fault had left an old question"
    if _left(one, first):
        return "not asked again: paused, or no longer in the study"
    if not reachable(one, first):
        return "not asked again: nobody could be reached"
    if first >= dose.closes:
        return "not asked again: it closed before anybody might be asked"
    if first > evidence.as_of - A_MINUTE:
        return "not asked again: put off"
    if _told_since(one, dose, gap.until):
        return "not asked again: he told of it before"
    if not any((left.drug, left.on, left.held) == (dose.drug, dose.on, False) for left in doses(one.orders)):
        return "not asked again: held or changed since"
    return NOT_ASKED


def _not_seen(evidence: Evidence, one: Ledger, dose: Dose, asked: datetime, seen: list[Seen]) -> str:
    until = min(dose.closes, evidence.as_of)
    looked = any(act.what == "view" and asked <= act.at < until for act in one.acts)
    looked = looked or any(shown.channel == "web" for shown in seen)
    called = any("view" in shown.answers or (shown.labels and not shown.answers) for shown in seen)
    if _told_since(one, dose, asked):
        return "asked again, and told before the question was looked at"
    if any(read(shown.text, shown.answers, shown.at.date()).kind in ABOUT_THE_PAST for shown in seen):
        return "asked again, and left before its turn came"
    if called and not looked:
        return "asked again by a neutral line, and not looked at"
    if not looked and all(evidence.phones.get(step.phone) == "web" for step in one.agreed):
        return "asked again on a page that was not opened"
    if any(asked <= at < dose.closes for at in one.losses):
        return "asked again, and kept from him by a fault"
    if _left(one, until) or not reachable(one, until):
        return "asked again, and paused or gone before he looked"
    return NOT_SEEN


def _asks(one: Ledger, shown: Seen, dose: Dose) -> bool:
    """Whether this screen asks whether he took this very dose."""
    zone = next(order.value for order in one.orders if order.what == "habit").split()[0]  # his site's
    today = shown.at.astimezone(ZoneInfo(zone)).date()
    if read(shown.text, shown.answers, today).kind not in ABOUT_THE_PAST:
        return False
    lines = [line for line in shown.text.splitlines() if NAMES[dose.drug] in line]
    return any(read(line, (), today).on in (None, dose.on) for line in lines)


def _told_since(one: Ledger, dose: Dose, since: datetime) -> bool:
    return any((said.drug, said.on) == (dose.drug, dose.on) and said.act.at >= since for said in one.said)


def _first_chance(evidence: Evidence, one: Ledger, at: datetime) -> datetime:
    """When somebody is there to ask, and it is no hour of rest."""
    at = max(at, evidence.away("house", at, at) or at)
    while quiet(one.orders, at):
        at += A_WHILE
    return at


_PROMPTS = select(
    DosePrompt.asked_at, DosePrompt.mode, DoseEvent.participant_id, DoseEvent.drug, DoseEvent.due_at
).join(DoseEvent, DoseEvent.dose_id == DosePrompt.dose_id)
