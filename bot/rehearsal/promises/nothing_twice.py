"""Nothing comes to a person twice, whatever row it stands in: a question about a dose, a reminder, a check, the same words.

Two rows with keys of their own, or on two channels, are one message when they say the same of the same occasion.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, select

from bot.db.conversations import Conversation, Question
from bot.db.doses import DosePrompt
from bot.db.outbox import OutboundMessage
from bot.db.symptoms import SymptomCheck
from bot.db.timers import Timer
from bot.rehearsal.evidence import Evidence, Findings, Violation
from bot.rehearsal.ledger import Ledger, Seen
from bot.services.planning import CATCHING_UP

OUT = ("queued", "sending", "sent", "unknown")  # it came, or may have come, or will
AGAIN = ("reask", "restored")  # timers that bring up what stands open
# Two rounds of the same kind are never nearer: one put off to the morning, one in the evening.
SOON = timedelta(hours=6)
SILENCE = timedelta(hours=14)  # what was away in the evening is made good in the morning
MINUTES = timedelta(minutes=10)
LATER = ("later", "晚点再说")  # what somebody taps or writes who wants to be asked later

Instant = tuple[int, datetime]  # of a participant


@dataclass(slots=True)
class Said:
    """What went out unasked. `doses`: of each conversation. `again`: when a timer brought up what stood open; `first`: when
    one found that a question about doses now due stood open already. `checks`: when the check of a week was asked.
    `went_on`: when reminders went on after a pause or a closed chat.
    """

    rows: Sequence[Row[Any]]
    doses: Mapping[int, list[int]]
    again: set[Instant] = field(default_factory=set)
    first: set[Instant] = field(default_factory=set)
    checks: set[Instant] = field(default_factory=set)
    went_on: set[Instant] = field(default_factory=set)

    def of(self, *purposes: str) -> Iterable[Row[Any]]:
        return (row for row in self.rows if self.purpose(row) in purposes)

    def purpose(self, row: Row[Any]) -> str:
        at = (row.participant_id, row.created_at)
        if row.purpose != "nudge" or at not in self.again | self.first:
            return str(row.purpose)
        return "again" if at in self.again else "prompt"

    def anew(self) -> set[int]:
        """Conversations that began when reminders went on."""
        rows = self.of("prompt", "followup")
        return {row.conversation_id for row in rows if (row.participant_id, row.created_at) in self.went_on}

    def about(self, row: Row[Any]) -> list[str]:
        """The doses, or else the occasion."""
        doses = [f"dose {dose_id}" for dose_id in self.doses.get(row.conversation_id, ())]
        return doses or [str(row.topic or row.script)]


async def count(evidence: Evidence) -> Findings:
    _, study = evidence.ctx.book.study(evidence.study, evidence.as_of)
    check = study.symptom_check
    reminders = {
        "dose": len(study.prompts.nudge_minutes),
        "symptoms": len(check.nudge_minutes) if check else 0,
    }
    return judged(evidence, await _said(evidence), reminders)


def judged(evidence: Evidence, said: Said, reminders: Mapping[str, int]) -> Findings:
    """`reminders`: how many the study allows of one question, by its script; of others none."""
    found = Findings(checked=len(said.rows))
    _asked(found, said)
    _did_you(found, said)
    _later(found, said, evidence.by_participant())
    _nudged(found, said, reminders)
    _brought_up(found, evidence, said)
    _checked(found, said)
    _at_once(found, evidence, {f"m{row.message_id}": row for row in said.rows})
    return found


async def _said(evidence: Evidence) -> Said:
    async with evidence.ctx.begin() as tx:
        about = await tx.all(select(DosePrompt.conversation_id, DosePrompt.dose_id))
        timers = await tx.all(select(Timer).where(Timer.kind.in_((*AGAIN, "prompt")), Timer.state == "fired"))
        checks = await tx.all(select(SymptomCheck.participant_id, SymptomCheck.asked_at))
        rows = await tx.all(_UNASKED)
    doses: defaultdict[int, list[int]] = defaultdict(list)
    for row in about:
        doses[row.conversation_id].append(row.dose_id)
    said = Said(rows, doses, checks={(row.participant_id, row.asked_at) for row in checks})
    for row in timers:
        if row.kind in AGAIN:
            said.again.add((row.participant_id, row.settled_at))
        elif CATCHING_UP in row.key:
            said.went_on.add((row.participant_id, row.settled_at))
        elif row.outcome == "asked_before":
            said.first.add((row.participant_id, row.settled_at))
    return said


def _asked(found: Findings, said: Said) -> None:
    """One group of a dose: of one moment, and one message to each address. Once more when reminders went on."""
    groups: defaultdict[str, set[datetime]] = defaultdict(set)
    lines: Counter[tuple[str, int]] = Counter()
    for row in said.of("prompt"):
        for dose in said.about(row):
            if (row.participant_id, row.created_at) in said.went_on and groups[dose] - {row.created_at}:
                found.allowed["asked again when reminders went on"] += 1
                continue
            groups[dose].add(row.created_at)
            lines[dose, row.contact_id] += 1
    most = Counter({dose: len(moments) for dose, moments in groups.items()})
    for (dose, _), times in lines.items():
        most[dose] = max(most[dose], times)
    _more_than(found, most, 1, "asked about {} times as for the first time")


def _did_you(found: Findings, said: Said) -> None:
    """The day after, once; and once more after a restore, of what the gap may have swallowed."""
    moments: defaultdict[str, set[datetime]] = defaultdict(set)
    lines: Counter[str] = Counter()
    for row in said.of("followup"):
        for dose in said.about(row):
            lines[f"{dose} contact {row.contact_id} {row.created_at}"] += 1
            if (row.participant_id, row.created_at) in said.again:
                found.allowed["asked 'did you?' again after a restore"] += 1
            elif (row.participant_id, row.created_at) in said.went_on:
                found.allowed["asked 'did you?' when reminders went on"] += 1
            else:
                moments[dose].add(row.created_at)
    _more_than(found, lines, 1, "asked 'did you?' {} times at once")
    _more_than(
        found, Counter({dose: len(at) for dose, at in moments.items()}), 1, "asked 'did you?' {} times"
    )


def _later(found: Findings, said: Said, people: Mapping[int, Ledger]) -> None:
    """As often as he asked for it, and once where a hold took away what was asked with it."""
    moments: defaultdict[int, set[datetime]] = defaultdict(set)
    for row in said.of("later"):
        moments[row.participant_id].add(row.created_at)
    for participant_id, times in moments.items():
        one = people[participant_id]
        wanted = len({act.at for act in one.acts if act.what in LATER}) + sum(
            order.what == "hold" for order in one.orders
        )
        if len(times) > wanted:
            what = f"asked later {len(times)} times, and he wanted it {wanted} times"
            found.violations.append(Violation(3, what, one.subject_id, max(times)))


def _nudged(found: Findings, said: Said, reminders: Mapping[str, int]) -> None:
    """As often as the study says, and again of what was asked anew when reminders went on."""
    anew = said.anew()
    times: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in said.of("nudge"):
        about_what = (
            [f"conversation {row.conversation_id}"] if row.conversation_id in anew else said.about(row)
        )
        for about in about_what:
            times[reminders.get(row.script, 0)][f"{about} contact {row.contact_id}"] += 1
    for limit, counted in times.items():
        _more_than(found, counted, limit, f"reminded {{}} times of one question, and {limit} are allowed")


def _brought_up(found: Findings, evidence: Evidence, said: Said) -> None:
    """What stands open is brought up again where taps may have been lost: after a silence or a restore, and once."""
    times: Counter[str] = Counter()
    for row in said.of("again"):
        times[f"{row.token} contact {row.contact_id} {row.created_at}"] += 1
        since = row.created_at - SILENCE
        if any(evidence.away(name, since, row.created_at) for name in ("outage:telegram", "house")) or (
            evidence.gap_within(since, row.created_at)
        ):
            found.allowed["brought up again after a silence or a restore"] += 1
        else:
            where = f"m{row.message_id} {row.topic}"
            found.violations.append(
                Violation(3, "brought up again, and nothing had been away", where, row.created_at)
            )
    _more_than(found, times, 1, "brought up again {} times at once")


def _checked(found: Findings, said: Said) -> None:
    """Checks and the other rounds: each occasion once, none again soon, and no check that was not a week's."""
    rounds: defaultdict[tuple[int, str], list[datetime]] = defaultdict(list)
    topics: Counter[str] = Counter()
    for row in said.of("symptom"):
        rounds[row.contact_id, row.script].append(row.created_at)
        topics[f"{row.topic} contact {row.contact_id}"] += 1
        if row.script == "symptoms" and (row.participant_id, row.created_at) not in said.checks:
            found.violations.append(
                Violation(3, "a check that no week has", f"m{row.message_id}", row.created_at)
            )
    _more_than(found, topics, 1, "asked {} times on one occasion")
    for (contact_id, script), times in rounds.items():
        for before, after in pairwise(sorted(times)):
            if after - before < SOON:
                where = f"{script} contact {contact_id}"
                found.violations.append(Violation(3, "asked again within hours", where, after))


def _at_once(found: Findings, evidence: Evidence, rows: Mapping[str, Row[Any]]) -> None:
    """Within minutes on one phone: the same question twice, or the same words. A neutral line tells nothing of its question,
    so that of another one looks the same.
    """
    for one in evidence.ledgers:
        lately: list[tuple[Seen, Row[Any]]] = []
        for seen in one.seen:
            row = rows.get(seen.key)
            if row is None:
                continue
            lately = [was for was in lately if seen.at - was[0].at <= MINUTES]
            for before, of in lately:
                if of.message_id != row.message_id and before.phone == seen.phone:
                    _alike(found, one, (before, of), (seen, row))
            lately.append((seen, row))


def _alike(found: Findings, one: Ledger, before: tuple[Seen, Row[Any]], now: tuple[Seen, Row[Any]]) -> None:
    (was, of), (seen, row) = before, now
    where = f"{one.subject_id} {row.purpose} {seen.key} after {was.key}"
    if row.token is not None and row.token == of.token:
        found.violations.append(Violation(3, "one question twice within minutes", where, seen.at))
    elif seen.text == was.text and row.token is not None and of.token is not None:
        found.allowed["the same neutral line within minutes, of another question"] += 1
    elif seen.text == was.text:
        found.violations.append(Violation(3, "the same words twice within minutes", where, seen.at))


def _more_than(found: Findings, times: Counter[str], limit: int, what: str) -> None:
    found.violations += [
        Violation(3, what.format(count), where) for where, count in times.items() if count > limit
    ]


# What answers no act of his, replaces nothing, and is no repetition of what nobody knows the fate of.
_UNASKED = (
    select(OutboundMessage, Conversation.conversation_id, Conversation.topic, Conversation.script)
    .outerjoin(Question, Question.token == OutboundMessage.token)
    .outerjoin(Conversation, Conversation.conversation_id == Question.conversation_id)
    .where(OutboundMessage.participant_id.is_not(None), OutboundMessage.inbox_id.is_(None))
    .where(OutboundMessage.edits.is_(None), OutboundMessage.repeats.is_(None))
    .where(OutboundMessage.purpose != "staff_alert", OutboundMessage.state.in_(OUT))
    .order_by(OutboundMessage.message_id)
)
