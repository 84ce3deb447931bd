"""How PostgreSQL looks for what is asked all day: by an index, through the walls between sites, also where much waits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Select, text
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.built import Bound
from bot.services import asked_before, asking, dosing, not_now, not_taken, timers
from tests.services.conftest import House

DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy says nothing of it
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MANY = 20_000
TABLES = ("timer", "dose_event", "dose_report")
# Everybody of them copied from one, so that a table of everybody is not made in passing.
_PEOPLE = """INSERT INTO participant (study, site_id, subject_id, sex, birth_year, language, key_id, name_sealed,
        phone_sealed, enrolled_at)
    SELECT study, site_id, subject_id || n, sex, birth_year, language, key_id, name_sealed, phone_sealed, enrolled_at
    FROM (SELECT * FROM participant LIMIT 1) one, generate_series(1, :many) n"""
# All of it for one person, and for later.
_TIMERS = """INSERT INTO timer (kind, key, participant_id, due_at, expires_at, payload, state, tries, created_at)
    SELECT 'later', 'planned:' || n, :one, now() + (20000 + n) * interval '1 day', 'infinity', '{}', 'waiting', 0, now()
    FROM generate_series(1, :many) n"""
_DOSES = """INSERT INTO dose_event (participant_id, drug, cycle, cycle_day, dose_mg, local_date, local_time, zone, due_at,
        definition, planned_at)
    SELECT :one, 'ixazomib', 1000 + n, 1, 3, '2020-01-01', '08:00', 'UTC', now() + (20000 + n) * interval '1 day', 'x', now()
    FROM generate_series(1, :many) n"""

# Everybody's, and some of the one who is asked about.
_REPORTS = """INSERT INTO dose_report (participant_id, drug, status, quantity, recorded_by, as_whom, recorded_at)
    SELECT CASE WHEN n < 9 THEN CAST(:other AS bigint) ELSE CAST(:one AS bigint) END, 'ixazomib', 'taken', 1, 'x', 'self',
        now() - n * interval '1 minute'
    FROM generate_series(1, :many) n"""


@pytest.mark.parametrize(
    "asked",
    [
        timers._OWNERS,
        timers._oldest_of(1, LONG_AGO),
        timers._oldest_of_nobody(LONG_AGO),
        asking._asked(1, LONG_AGO),
        asking._untold(1, LONG_AGO, LONG_AGO),
        asked_before._waiting_laters(1),
        asked_before._last_asked(1),
        not_now._intakes(1, LONG_AGO),
        not_taken._not_taken(1, LONG_AGO, LONG_AGO),
        dosing._untold(1, LONG_AGO, LONG_AGO, LONG_AGO, "doses:"),
    ],
    ids=(
        "whose",
        "oldest",
        "nobodys",
        "asked",
        "untold",
        "put off",
        "last asked",
        "intakes",
        "not taken",
        "untold beside",
    ),
)
async def test_nothing_is_found_by_reading_a_whole_table(lived: House, asked: Select[Any] | Bound) -> None:
    other, one = (person.participant_id for person in lived.people)
    given = {"one": one, "other": other, "many": MANY}
    async with lived.ctx.database.begin() as (connection, _):
        for rows in (_PEOPLE, _TIMERS, _DOSES, _REPORTS):
            await connection.execute(text(rows), given)
        plan = await _plan(connection, asked)
    whole = [line.strip() for line in plan if any(f"Seq Scan on {table}" in line for table in TABLES)]
    assert [line for line in whole if "never" not in line] == [], "\n".join(plan)


async def _plan(connection: AsyncConnection, asked: Select[Any] | Bound) -> list[str]:
    """As it was carried out: what is never executed there is what somebody of one site would need.

    Prepared as the driver prepares it, and planned for any values (tests run with generic plans).
    """
    statement: Any = asked.query.many if isinstance(asked, Bound) else asked
    given = {key: [value] for key, value in asked.values.items()} if isinstance(asked, Bound) else {}
    compiled = statement.compile(dialect=DIALECT)
    names = compiled.positiontup or []
    values = ", ".join(_literal((compiled.params | given)[name]) for name in names)
    await connection.exec_driver_sql(f"PREPARE asked AS {compiled}")
    told = await connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, COSTS OFF) EXECUTE asked{f'({values})' if names else ''}"
    )
    return list(told.scalars())


def _literal(value: Any) -> str:
    return "'{" + ",".join(f'"{one}"' for one in value) + "}'" if isinstance(value, list) else f"'{value}'"
