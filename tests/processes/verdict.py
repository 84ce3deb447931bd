"""Was anything lost, done twice or done out of turn? Asked of the database, and of what the fake Bot API saw on the wire."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row, text

from bot.services import sealing, sealing_day
from bot.services.context import Ctx
from tests.processes.patients import Report
from tests.processes.town import Person
from tests.support.bot_api import Call, FakeBotApi

Words = Counter[tuple[int, str]]  # chat, text
DELIVERED = ("sendMessage", "editMessageText")


async def rows(ctx: Ctx, query: str, **values: object) -> list[Row[Any]]:
    async with ctx.begin() as tx:
        return list((await tx.connection.execute(text(query), values)).all())


async def every_update_once(ctx: Ctx, api: FakeBotApi, first: int) -> int:
    """Each update ever made is stored once and handled; none is parked, none has waited in vain. Returns how many."""
    made = {f"u{number}" for number in range(first, api.queue.next_id)}
    stored = await rows(ctx, "SELECT external_id, state FROM inbox_message")
    assert Counter(row.external_id for row in stored) == Counter(made)
    assert Counter(row.state for row in stored) == {"handled": len(made)}
    assert api.queue.lost == []
    return len(made)


async def in_order(ctx: Ctx) -> None:
    """Accepted in the order in which they were sent; handled in the order in which they were accepted.

    Rows made while a person's lock is held are numbered in the order of handling.
    """
    accepted = await rows(
        ctx,
        "SELECT participant_id AS pid, substr(external_id, 2)::bigint AS n FROM inbox_message ORDER BY inbox_id",
    )
    assert_rising(accepted)
    answered = """SELECT participant_id AS pid, inbox_id AS n FROM outbound_message
        WHERE inbox_id IS NOT NULL AND purpose <> 'emergency' AND channel = 'telegram' AND repeats IS NULL
        ORDER BY message_id"""
    assert_rising(await rows(ctx, answered))
    reported = "SELECT participant_id AS pid, inbox_id AS n FROM dose_report ORDER BY dose_report_id"
    assert_rising(await rows(ctx, reported))


def assert_rising(found: Iterable[Row[Any]]) -> None:
    last: dict[int, int] = {}
    seen = 0
    for row in found:
        assert row.n >= last.get(row.pid, 0), f"participant {row.pid}: {row.n} after {last[row.pid]}"
        last[row.pid] = row.n
        seen += 1
    assert seen > 0


async def recorded_as_said(ctx: Ctx, said: Mapping[int, tuple[Report, ...]]) -> int:
    """Every answer once, in order, and nothing else. Returns how many."""
    found: dict[int, list[Report]] = {pid: [] for pid in said}
    # What was tapped is on record at once; the row that adds when or why supersedes it and is the same answer.
    query = """SELECT participant_id, drug, status FROM dose_report r WHERE NOT EXISTS (
            SELECT FROM dose_report later WHERE later.supersedes = r.dose_report_id AND later.status = r.status
            AND r.reason IS NULL AND r.taken_at IS NULL
        ) ORDER BY dose_report_id"""
    for row in await rows(ctx, query):
        found[row.participant_id].append((row.drug, row.status))
    wrong = {pid: (reports, said[pid]) for pid, reports in found.items() if tuple(reports) != said[pid]}
    assert wrong == {}, [await heard_from(ctx, pid) for pid in wrong]
    return sum(map(len, said.values()))


async def heard_from(ctx: Ctx, pid: int) -> list[str]:
    """What the bot made of each message of one participant, to find out what went wrong."""
    query = "SELECT kind, outcome, tries, received_at AS at FROM inbox_message WHERE participant_id = :pid ORDER BY inbox_id"
    return [
        f"{row.at:%H:%M:%S} {row.kind} {row.outcome} {row.tries}" for row in await rows(ctx, query, pid=pid)
    ]


async def every_reminder(ctx: Ctx, people: Iterable[Person]) -> None:
    """Each dose that came due was asked about once, and the reminder left: sent, or nobody can know."""
    fired = await rows(
        ctx,
        "SELECT participant_id FROM timer WHERE kind = 'prompt' AND outcome = 'asked:2' AND state = 'fired'",
    )
    sent = await rows(ctx, "SELECT participant_id, state FROM outbound_message WHERE purpose = 'prompt'")
    once = Counter(person.participant_id for person in people)
    assert Counter(row.participant_id for row in fired) == once
    assert Counter(row.participant_id for row in sent) == once
    assert {row.state for row in sent} <= {"sent", "unknown"}
    late = await rows(
        ctx,
        "SELECT kind FROM timer WHERE state = 'waiting' AND due_at < (SELECT suiyao_now()) - interval '1 minute'",
    )
    assert late == []


async def wire_as_recorded(ctx: Ctx, api: FakeBotApi) -> dict[str, int]:
    """On the wire is what is recorded as sent; more only where nobody can know, and each of those at most once."""
    told: dict[str, Words] = {"sent": Counter(), "unknown": Counter()}
    for row, words in await _texts(ctx):
        told.get(row.state, Counter())[words] += 1
    wire = Counter((call.chat or 0, str(call.params["text"])) for call in api.calls if _arrived(call))
    assert told["sent"] <= wire, told["sent"] - wire
    assert wire <= told["sent"] + told["unknown"], wire - told["sent"] - told["unknown"]
    return {
        "wire": wire.total(),
        "sent": told["sent"].total(),
        "unknown": told["unknown"].total(),
        "unknown_arrived": (wire - told["sent"]).total(),
    }


def _arrived(call: Call) -> bool:
    return call.method in DELIVERED and (call.done or "message is not modified" in call.description)


async def _texts(ctx: Ctx) -> list[tuple[Row[Any], tuple[int, str]]]:
    """Every Telegram message with its chat and its words, unsealed."""
    query = """SELECT m.state, t.key_id AS text_key, t.sealed_id AS text_id, t.ciphertext AS text,
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
            found.append((row, (chat, content["text"])))
    return found


async def repeats_only_where_allowed(ctx: Ctx) -> int:
    """A message is tried again only when it surely was not sent; said again only when it may be, and as a new row."""
    tried_on = """SELECT message_id FROM delivery_attempt a WHERE outcome NOT IN ('not_sent', 'too_fast')
        AND EXISTS (SELECT FROM delivery_attempt b WHERE b.message_id = a.message_id AND b.number > a.number)"""
    assert await rows(ctx, tried_on) == []
    repeated = await rows(
        ctx,
        """SELECT f.state, f.repeat_if_unknown FROM outbound_message m
        JOIN outbound_message f ON f.message_id = m.repeats""",
    )
    assert [row for row in repeated if (row.state, row.repeat_if_unknown) != ("unknown", True)] == []
    return len(repeated)


async def chains_hold(ctx: Ctx) -> None:
    assert await sealing_day.verify_all(ctx) == []
    [row] = await rows(
        ctx,
        """SELECT (SELECT count(*) FROM audit_entry WHERE action = 'dose_reported') AS told,
        (SELECT count(*) FROM dose_report) AS reports""",
    )
    assert row.told == row.reports
