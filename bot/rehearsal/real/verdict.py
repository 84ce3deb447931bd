"""Was anything lost, done twice or done out of turn? Asked of the database, and of what the Bot API saw on the wire."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text

from bot.rehearsal.bot_api.server import Call, FakeBotApi
from bot.rehearsal.evidence import Findings, Violation
from bot.rehearsal.real.patients import Report
from bot.rehearsal.real.town import Person
from bot.services import sealing
from bot.services.context import Ctx

Words = Counter[tuple[int, str]]  # chat, text
DELIVERED = ("sendMessage", "editMessageText")


async def rows(ctx: Ctx, query: str, **values: object) -> list[Row[Any]]:
    async with ctx.begin() as tx:
        return list((await tx.connection.execute(text(query), values)).all())


async def every_update_once(ctx: Ctx, api: FakeBotApi, in_gap: Collection[int] = ()) -> Findings:
    """Each update ever made is stored once and handled; none is parked, and none has waited in vain but taps: a messenger
    forgets those that nobody fetched for 150 seconds of silence, and then the question is asked again. What a restored
    database cannot know, of the numbers `in_gap`, may be missing.
    """
    lost = {f"u{one['update_id']}": "callback_query" in one for one in api.queue.lost}
    gone = {*(one for one, tap in lost.items() if tap), *(f"u{number}" for number in in_gap)}
    made = [f"u{number}" for number in api.queue.made]
    stored = await rows(ctx, "SELECT external_id, state FROM inbox_message")
    found = Counter(row.external_id for row in stored)
    wrong = [
        *(
            Violation(1, f"recorded {found[one]} times", one)
            for one in made
            if found[one] != 1 and (found[one] or one not in gone)
        ),
        *(Violation(1, "recorded and never made", one) for one in sorted(set(found) - set(made))),
        *(Violation(1, f"is {row.state}", row.external_id) for row in stored if row.state != "handled"),
        *(Violation(1, "waited until it was forgotten", one) for one, tap in lost.items() if not tap),
    ]
    told = Findings(wrong, checked=len(made))
    told.allowed["a tap that the messenger forgot while nobody fetched it"] += sum(lost.values())
    told.allowed["lost with what a restored database does not know"] += sum(
        not found[f"u{n}"] for n in in_gap
    )
    return told


async def in_order(ctx: Ctx, made: Sequence[int]) -> Findings:
    """Accepted in the order in which they were sent (`made`: the updates' numbers in that order); handled in the order in
    which they were accepted.

    Rows made while a person's lock is held are numbered in the order of handling.
    """
    place = {f"u{number}": at for at, number in enumerate(made)}
    stored = await rows(ctx, "SELECT participant_id AS pid, external_id FROM inbox_message ORDER BY inbox_id")
    accepted = [(row.pid, place[row.external_id]) for row in stored if row.external_id in place]
    answered = """SELECT participant_id AS pid, inbox_id AS n FROM outbound_message
        WHERE inbox_id IS NOT NULL AND purpose <> 'emergency' AND channel = 'telegram' AND repeats IS NULL
        ORDER BY message_id"""
    reported = "SELECT participant_id AS pid, inbox_id AS n FROM dose_report ORDER BY dose_report_id"
    found = [
        _rising("accepted", accepted),
        _rising("answered", [(row.pid, row.n) for row in await rows(ctx, answered)]),
        _rising("recorded", [(row.pid, row.n) for row in await rows(ctx, reported)]),
    ]
    return Findings([one for part in found for one in part], checked=len(accepted))


def _rising(what: str, found: Iterable[tuple[int, int]]) -> list[Violation]:
    """`found`: participant and number of each, one after the other."""
    last: dict[int, int] = {}
    wrong = []
    for pid, number in found:
        if number < last.get(pid, 0):
            where = f"participant {pid}: {number} after {last[pid]}"
            wrong.append(Violation(1, f"{what} out of turn", where))
        last[pid] = number
    return wrong


async def recorded_as_said(ctx: Ctx, said: Mapping[int, tuple[Report, ...]]) -> Findings:
    """Every answer once, in order, and nothing else."""
    found: dict[int, list[Report]] = {pid: [] for pid in said}
    # What was tapped is on record at once; the row that adds when or why supersedes it and is the same answer.
    query = """SELECT participant_id, drug, status FROM dose_report r WHERE NOT EXISTS (
            SELECT FROM dose_report later WHERE later.supersedes = r.dose_report_id AND later.status = r.status
            AND r.reason IS NULL AND r.taken_at IS NULL
        ) ORDER BY dose_report_id"""
    for row in await rows(ctx, query):
        found.setdefault(row.participant_id, []).append((row.drug, row.status))
    wrong = [pid for pid, reports in found.items() if tuple(reports) != said.get(pid, ())]
    return Findings(
        [
            Violation(
                1,
                f"recorded {found[pid]}, said {said.get(pid)}; {await _heard_from(ctx, pid)}",
                f"participant {pid}",
            )
            for pid in wrong
        ],
        checked=sum(map(len, said.values())),
    )


async def _heard_from(ctx: Ctx, pid: int) -> list[str]:
    """What the bot made of each message of one participant, to find out what went wrong."""
    query = "SELECT kind, outcome, tries, received_at AS at FROM inbox_message WHERE participant_id = :pid ORDER BY inbox_id"
    return [
        f"{row.at:%H:%M:%S} {row.kind} {row.outcome} {row.tries}" for row in await rows(ctx, query, pid=pid)
    ]


async def every_reminder(ctx: Ctx, people: Collection[Person], gone: Collection[int] = ()) -> Findings:
    """Each dose that came due was asked about once, and the reminder left: sent, or nobody can know, which is listed.

    `gone`: participants who blocked the chat; theirs was refused. Its sender may have been killed before he knew that.
    """
    fired = await rows(
        ctx,
        "SELECT participant_id AS pid FROM timer WHERE kind = 'prompt' AND outcome = 'asked:2' AND state = 'fired'",
    )
    sent = await rows(
        ctx, "SELECT participant_id AS pid, state FROM outbound_message WHERE purpose = 'prompt'"
    )
    times, left = Counter(row.pid for row in fired), Counter(row.pid for row in sent)
    late = await rows(
        ctx,
        """SELECT kind, participant_id AS pid FROM timer
        WHERE state = 'waiting' AND due_at < (SELECT suiyao_now()) - interval '1 minute'""",
    )
    wrong = [
        Violation(
            2,
            f"asked {times[one.participant_id]} times, by {left[one.participant_id]} messages",
            one.subject_id,
        )
        for one in people
        if (times[one.participant_id], left[one.participant_id]) != (1, 1)
    ]
    for row in sent:
        if row.state not in ("refused" if row.pid in gone else "sent", "unknown"):
            wrong.append(Violation(2, f"the reminder is {row.state}", f"participant {row.pid}"))
    wrong += [Violation(2, f"{row.kind} did not fire", f"participant {row.pid}") for row in late]
    found = Findings(wrong, checked=len(people))
    found.allowed["nobody knew whether the reminder left"] += sum(row.state == "unknown" for row in sent)
    return found


async def wire_as_recorded(ctx: Ctx, api: FakeBotApi) -> Findings:
    """On the wire is what is recorded as sent; more only where nobody can know, and each of those at most once."""
    told: dict[str, Words] = {"sent": Counter(), "unknown": Counter()}
    for row, words, _ in await texts(ctx):
        told.get(row.state, Counter())[words] += 1
    wire = Counter((call.chat or 0, str(call.params["text"])) for call in api.calls if _arrived(call))
    wrong = [
        *(Violation(3, "recorded as sent, and never on the wire", str(one)) for one in told["sent"] - wire),
        *(
            Violation(3, "on the wire once too often", str(one))
            for one in wire - told["sent"] - told["unknown"]
        ),
    ]
    found = Findings(wrong, checked=wire.total())
    found.allowed["nobody knew whether it arrived, and it had"] += (wire - told["sent"]).total()
    return found


def _arrived(call: Call) -> bool:
    return call.method in DELIVERED and (call.done or "message is not modified" in call.description)


async def texts(ctx: Ctx) -> list[tuple[Row[Any], tuple[int, str], tuple[str, ...]]]:
    """Every Telegram message with its chat and its words, and the labels of its buttons, unsealed."""
    query = """SELECT m.state, m.pushed, t.key_id AS text_key, t.sealed_id AS text_id, t.ciphertext AS text,
            a.key_id AS address_key, a.sealed_id AS address_id, a.ciphertext AS address
        FROM outbound_message m JOIN contact c USING (contact_id) JOIN sealed t ON t.sealed_id = m.sealed_id
        JOIN sealed a ON a.sealed_id = c.address_sealed WHERE m.channel = 'telegram'"""
    found = []
    async with ctx.begin() as tx:
        for row in (await tx.connection.execute(text(query))).all():
            await sealing.unlock(tx, row.text_key)
            await sealing.unlock(tx, row.address_key)
            content = json.loads(ctx.keyring.unseal(row.text_key, row.text_id, "outbound", row.text))
            chat = int(ctx.keyring.unseal(row.address_key, row.address_id, "address", row.address))
            labels = tuple(label for label, *_ in content["choices"])
            found.append((row, (chat, content["text"]), labels))
    return found


async def repeats_only_where_allowed(ctx: Ctx) -> Findings:
    """A message is tried again only when it surely was not sent; said again only when it may be, and as a new row."""
    tried_on = await rows(
        ctx,
        """SELECT message_id FROM delivery_attempt a WHERE outcome NOT IN ('not_sent', 'too_fast')
        AND EXISTS (SELECT FROM delivery_attempt b WHERE b.message_id = a.message_id AND b.number > a.number)""",
    )
    repeated = await rows(
        ctx,
        """SELECT m.message_id, f.state, f.repeat_if_unknown FROM outbound_message m
        JOIN outbound_message f ON f.message_id = m.repeats""",
    )
    wrong = [
        Violation(3, "tried again although it may have arrived", f"m{row.message_id}") for row in tried_on
    ]
    wrong += [
        Violation(3, "said again although it may not be", f"m{row.message_id}")
        for row in repeated
        if (row.state, row.repeat_if_unknown) != ("unknown", True)
    ]
    found = Findings(wrong, checked=len(repeated))
    found.allowed["repeated because nobody knew whether it arrived"] += len(repeated)
    return found


async def reports_in_the_chain(ctx: Ctx) -> Findings:
    """Each report stands in its person's chain."""
    [row] = await rows(
        ctx,
        """SELECT (SELECT count(*) FROM audit_entry WHERE action = 'dose_reported') AS told,
        (SELECT count(*) FROM dose_report) AS reports""",
    )
    wrong = [Violation(6, f"{row.reports} reports, {row.told} in the chains", "audit")]
    return Findings(wrong if row.told != row.reports else [], checked=row.reports)
