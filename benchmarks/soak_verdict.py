"""What a soak must have left: each promise counted from the wire and the database, as the real rehearsal counts it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

from bot.rehearsal.bot_api.server import Call, FakeBotApi
from bot.rehearsal.evidence import Evidence, Findings, Violation
from bot.rehearsal.promises import chains_hold
from bot.rehearsal.real import verdict
from bot.rehearsal.real.patients import Patient
from bot.rehearsal.real.town import STUDY, Person
from bot.rehearsal.real.verdict import DELIVERED, rows
from bot.services.context import Ctx

__all__ = ["DELIVERED", "Story", "breaches"]
SHOWN = 5
_ERRORS = """SELECT 'parked' AS what, inbox_id AS id FROM inbox_message WHERE state = 'parked'
    UNION ALL SELECT state, message_id FROM outbound_message WHERE state IN ('refused', 'expired', 'queued', 'sending')
    UNION ALL SELECT 'timer parked', timer_id FROM timer WHERE state = 'parked'"""
_EACH = """SELECT max(wait) AS most, min(wait) AS least FROM (SELECT percentile_disc(0.5) WITHIN GROUP
    (ORDER BY extract(epoch FROM settled_at - received_at)) AS wait FROM inbox_message GROUP BY participant_id) one"""
_WAITS = """SELECT percentile_disc(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - received_at))
    AS waits FROM inbox_message WHERE state = 'handled'"""


@dataclass(frozen=True, slots=True)
class Story:
    ctx: Ctx
    apis: Sequence[FakeBotApi]
    people: Sequence[Sequence[Person]]
    plans: Sequence[Sequence[Patient]]
    stopped: Sequence[int]
    logs: Sequence[str]

    def pairs(self) -> list[tuple[Person, Patient]]:
        return list(zip(chain(*self.people), chain(*self.plans), strict=True))


@dataclass(frozen=True, slots=True)
class _Wires:
    """The calls of all bots, as of one."""

    calls: Sequence[Call]


async def breaches(story: Story) -> list[str]:
    """Prints each promise; returns every breach in words."""
    ctx, pairs = story.ctx, story.pairs()
    said = {person.participant_id: plan.reports for person, plan in pairs}
    both = cast("Any", _Wires([call for api in story.apis for call in api.calls]))
    async with ctx.begin() as tx:
        evidence = Evidence(ctx, STUDY, tx.now, (), (), {}, (), ())
    found = {
        "each update recorded once and handled": await _recorded_once(story),
        "in the order in which they were sent": await verdict.in_order(
            ctx, [number for api in story.apis for number in api.queue.made]
        ),
        "each answer recorded as it was said": await verdict.recorded_as_said(ctx, said),
        "each dose asked about once": await verdict.every_reminder(ctx, [person for person, _ in pairs]),
        "on the wire as recorded, nothing twice": await verdict.wire_as_recorded(ctx, both),
        "said again only where allowed": await verdict.repeats_only_where_allowed(ctx),
        "no error to a participant": await _errors(story),
        "each word of danger answered": await _dangers(story),
        "audit chains": await chains_hold.count(evidence),
    }
    for title, one in found.items():
        allowed = "".join(f"; allowed: {what} {count}" for what, count in one.allowed.items() if count)
        print(f"{title}: {one.checked:,} looked at, {len(one.violations)} breaches{allowed}")
        for violation in one.violations[:SHOWN]:
            print(f"    {violation.what}: {violation.where}")
    [row] = await rows(ctx, _WAITS)
    p50, p99, most = map(float, row.waits)
    print(
        f"from accepted to handled: half within {p50:.2f} s, 99 of 100 within {p99:.2f} s, at most {most:.1f} s"
    )
    [each] = await rows(ctx, _EACH)
    print(f"in the middle each person waited between {each.least:.2f} and {each.most:.2f} s")
    return [f"{title}: {one.what}" for title, each in found.items() for one in each.violations]


async def _recorded_once(story: Story) -> Findings:
    """Of both bots; what a bot never confirmed is lost as well."""
    stored = await rows(story.ctx, "SELECT external_id, state FROM inbox_message")
    times = Counter(row.external_id for row in stored)
    made = [f"u{number}" for api in story.apis for number in api.queue.made]
    wrong = [Violation(1, f"recorded {times[one]} times", one) for one in made if times[one] != 1]
    wrong += [Violation(1, "recorded and never made", one) for one in sorted(set(times) - set(made))]
    wrong += [Violation(1, f"is {row.state}", row.external_id) for row in stored if row.state != "handled"]
    wrong += [
        Violation(1, "was forgotten", str(one["update_id"])) for api in story.apis for one in api.queue.lost
    ]
    return Findings(wrong, checked=len(made))


async def _errors(story: Story) -> Findings:
    """Nobody was told that something failed, nothing waits or was given up, and every process ended in peace."""
    found = await rows(story.ctx, _ERRORS)
    wrong = [Violation(1, row.what, str(row.id)) for row in found]
    wrong += [Violation(1, f"ended with status {one}", "serve") for one in story.stopped if one]
    judged = Findings(wrong, checked=sum(len(api.calls) for api in story.apis))
    too_fast = sum(call.status == 429 for api in story.apis for call in api.calls)
    judged.allowed["answers of 429, after which it was sent later"] = too_fast
    return judged


async def _dangers(story: Story) -> Findings:
    """Each has an emergency text on the wire, or one of which nobody knows."""
    written = sum(plan.dangers for _, plan in story.pairs())
    query = """SELECT count(*) AS n FROM outbound_message WHERE purpose = 'emergency' AND repeats IS NULL
        AND state IN ('sent', 'unknown')"""
    [row] = await rows(story.ctx, query)
    wrong = (
        [Violation(4, f"{written} words of danger, {row.n} answers", "emergency")] if row.n < written else []
    )
    return Findings(wrong, checked=written)
