"""How PostgreSQL looks for what is asked all day: by an index, through the walls between sites, also where much waits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Select, text
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.built import Bound
from bot.services import reminding, timers
from tests.services.conftest import House

DIALECT = asyncpg.dialect()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MANY = 20_000
# All of it for one person, and for later.
_TIMERS = """INSERT INTO timer (kind, key, participant_id, due_at, expires_at, payload, state, tries, created_at)
    SELECT 'later', 'planned:' || n, :one, cast(:at AS timestamptz) + n * interval '1 second', 'infinity', '{}', 'waiting', 0, cast(:at AS timestamptz)
    FROM generate_series(1, :many) n"""
_DOSES = """INSERT INTO dose_event (participant_id, drug, cycle, cycle_day, dose_mg, local_date, local_time, zone, due_at,
        definition, planned_at)
    SELECT :one, 'ixazomib', 1000 + n, 1, 3, '2020-01-01', '08:00', 'UTC', cast(:at AS timestamptz) + n * interval '1 day', 'none', cast(:at AS timestamptz)
    FROM generate_series(1, :many) n"""


@pytest.mark.parametrize(
    "asked",
    [
        timers._OWNERS,
        timers._oldest_of(1, LONG_AGO),
        timers._oldest_of_nobody(LONG_AGO),
        reminding._asked(1, LONG_AGO),
        reminding._untold(1, LONG_AGO, LONG_AGO),
    ],
    ids=("whose", "oldest", "nobodys", "asked", "untold"),
)
async def test_nothing_is_found_by_reading_a_whole_table(lived: House, asked: Select[Any] | Bound) -> None:
    given = {"one": lived.people[1].participant_id, "at": datetime(2100, 1, 1, tzinfo=UTC), "many": MANY}
    async with lived.ctx.database.begin() as (connection, _):
        for rows in (_TIMERS, _DOSES):
            await connection.execute(text(rows), given)
        plan = await _plan(connection, asked)
    whole = [line.strip() for line in plan if "Seq Scan on timer" in line or "Seq Scan on dose_event" in line]
    assert [line for line in whole if "never" not in line] == [], "\n".join(plan)


async def _plan(connection: AsyncConnection, asked: Select[Any] | Bound) -> list[str]:
    """As it was carried out: what is never executed there is what somebody of one site would need."""
    if isinstance(asked, Bound):
        statement, values = asked.query.many, {key: [value] for key, value in asked.values.items()}
    else:
        statement, values = asked, {}
    compiled = statement.params(values).compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})
    told = await connection.execute(text(f"EXPLAIN (ANALYZE, COSTS OFF) {compiled}".replace(":", r"\:")))
    return list(told.scalars())
