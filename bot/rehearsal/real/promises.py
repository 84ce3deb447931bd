"""The promises as they apply to real processes; what needs a clock that somebody holds is left to the exact rehearsal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from bot.rehearsal.bot_api.server import FakeBotApi
from bot.rehearsal.evidence import Evidence, Findings, Violation, all_of
from bot.rehearsal.ledger import alerts_in
from bot.rehearsal.outcome import Outcome, told
from bot.rehearsal.promises import PROMISES, alerts_ended, chains_hold, walls_hold
from bot.rehearsal.promises.neutral_pushes import DISEASE, MEDICINES, SYMPTOMS, TO_PATIENTS
from bot.rehearsal.real import verdict
from bot.rehearsal.real.patients import Report
from bot.rehearsal.real.posted import Machine, in_time
from bot.rehearsal.real.town import NAME, STUDY, Person
from bot.services.context import Ctx


@dataclass(frozen=True, slots=True)
class Story:
    """What is known from outside. `said`, and how many words of danger: by participant; `arrived`: when each mail did;
    `stopped`: exit statuses.
    """

    ctx: Ctx
    api: FakeBotApi
    people: Sequence[Person]
    gone: frozenset[int]
    said: Mapping[int, tuple[Report, ...]]
    dangers: Mapping[int, int]
    mails: Sequence[EmailMessage]
    arrived: Sequence[float]
    machine: Machine
    stopped: Sequence[int]


async def judged(story: Story, outcome: Outcome) -> Outcome:
    ctx, api = story.ctx, story.api
    async with ctx.begin() as tx:
        as_of = tx.now
    spans = [("house", since, until) for since, until in story.machine.recovering()]
    evidence = Evidence(ctx, STUDY, as_of, (), (), {}, (), spans)
    found = {
        1: all_of(
            await verdict.every_update_once(ctx, api),
            await verdict.in_order(ctx, api.queue.made),
            await verdict.recorded_as_said(ctx, story.said),
            _left_in_peace(story.stopped),
        ),
        2: await verdict.every_reminder(ctx, story.people, story.gone),
        3: all_of(await verdict.wire_as_recorded(ctx, api), await verdict.repeats_only_where_allowed(ctx)),
        4: all_of(await _alerts(story), await alerts_ended.count(evidence)),
        5: await walls_hold.count(evidence),
        6: all_of(await chains_hold.count(evidence), await verdict.reports_in_the_chain(ctx)),
        7: await _neutral(story),
    }
    outcome.promises = [
        told(one.number, one.title, found[one.number]) for one in PROMISES if one.number in found
    ]
    return outcome


def of_a_restore(found: Findings) -> dict[str, Any]:
    [promise] = (one for one in PROMISES if one.number == 9)
    return told(promise.number, promise.title, found)


def _left_in_peace(stopped: Sequence[int]) -> Findings:
    """Every process that was asked to stop did, with everything done."""
    return Findings(
        [Violation(1, f"ended with status {one}", "serve") for one in stopped if one], checked=len(stopped)
    )


async def _alerts(story: Story) -> Findings:
    """Each word of danger has an alert, and each alert that cannot wait was in the post within seconds."""
    rows = await verdict.rows(
        story.ctx,
        "SELECT alert_id, participant_id, tier, kind, raised_at FROM alert WHERE tier <> 'routine' ORDER BY 1",
    )
    posted: dict[int, float] = {}
    for mail, at in zip(story.mails, story.arrived, strict=True):
        for number in alerts_in(mail.get_content()):
            posted.setdefault(number, at)
    found = in_time(rows, posted, story.machine)
    raised = Counter(row.participant_id for row in rows if row.kind == "danger")
    for participant_id, dangers in story.dangers.items():
        found.checked += dangers
        if raised[participant_id] != dangers:
            what = f"{dangers} words of danger, {raised[participant_id]} alerts"
            found.violations.append(Violation(4, what, f"participant {participant_id}"))
    return found


async def _neutral(story: Story) -> Findings:
    """What came unasked: on phones as recorded, and every mail."""
    words = (*MEDICINES, *DISEASE)
    texts = await verdict.texts(story.ctx)
    pushed = ["\n".join((told, *labels)) for row, (_, told), labels in texts if row.pushed]
    letters = [f"{mail['Subject']}\n{mail.get_content()}" for mail in story.mails]
    found = Findings(checked=len(pushed) + len(letters))
    for text, named in [
        *((text, (*words, *TO_PATIENTS, NAME)) for text in pushed),
        *((text, (*words, *SYMPTOMS, NAME)) for text in letters),
    ]:
        said = [word for word in named if word in text.lower()]
        found.violations += [Violation(7, f"says {', '.join(said)}", text[:40])] if said else []
    return found
