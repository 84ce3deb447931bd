"""What the runtime role cannot do, whatever the code tries: change facts, see another site, be a superuser."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.tables import metadata
from tests.services.conftest import House

# Definitions, clocks, paces and seals say nothing about any person; who works where is seen by all who work here.
OPEN_TO_ALL_SITES = {
    "deployment",
    "restore_gap",
    "definition",
    "channel_account",
    "seal",
    "staff_member",
    "staff_site",
    "staff_login",
    "staff_session",
    "staff_code",
    "login_attempt",
    "rule_signature",
}
# Not written in the days that the fixture lives: their policies are read, their rows are tried elsewhere.
NOTHING_IN_THEM = {
    "eligibility_answer",
    "resume",
    "dose_level_change",
    "symptom_report",
    "provisional_grade",
    "digest",
    "lab_result",
    "gate_outcome",
    "supply_event",
    "dose_incident",
    "pro_response",
    "alert_repeat",
    "edge_answer",
    "companion_choice",
    "companion_answer",
}
FACTS = [
    "definition",
    "status_change",
    "consent",
    "link_attempt",
    "regimen_assignment",
    "dose_level_change",
    "hold",
    "resume",
    "cycle_start",
    "habit",
    "dose_prompt",
    "dose_report",
    "dose_judgement",
    "delivery_attempt",
    "alert",
    "alert_step",
    "audit_entry",
    "seal",
    "symptom_report",
    "provisional_grade",
    "login_attempt",
    "digest",
    "lab_result",
    "gate_outcome",
    "supply_event",
    "dose_incident",
    "pro_response",
    "alert_repeat",
    "rule_signature",
    "edge_answer",
    "companion_choice",
    "companion_answer",
]


async def test_the_runtime_role_is_nobody_special(house: House) -> None:
    query = (
        "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
        " WHERE rolname = current_user"
    )
    async with house.ctx.database.begin() as (connection, _):
        assert tuple((await connection.execute(text(query))).one()) == (
            "suiyao_runtime",
            False,
            False,
            False,
            False,
        )
        owned = text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert (await connection.execute(owned)).scalar_one() == 0


async def test_a_fact_stays_as_it_was_written(lived: House) -> None:
    changes = ("UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "TRUNCATE {t} CASCADE")
    done = [
        change.format(t=table, c=next(iter(metadata.tables[table].columns)).name)
        for table in FACTS
        for change in changes
    ]
    assert [one for one in done if not await _refused(lived, one)] == []


async def _refused(house: House, change: str) -> bool:
    try:
        async with house.ctx.database.begin() as (connection, _):
            await connection.execute(text(change))
    except DBAPIError as refusal:
        return "permission denied" in str(refusal) or "insert-only" in str(refusal)
    return False


async def test_what_was_said_and_sent_is_never_overwritten(lived: House) -> None:
    with pytest.raises(DBAPIError, match="sealed values do not change"):
        async with lived.ctx.database.begin() as (connection, _):
            await connection.execute(text("UPDATE sealed SET ciphertext = '' WHERE kind = 'inbound'"))


async def test_every_table_about_people_has_a_wall(house: House) -> None:
    walled = text("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r'")
    async with house.ctx.database.begin() as (connection, _):
        found = set((await connection.execute(walled)).scalars())
    assert set(metadata.tables) - found == OPEN_TO_ALL_SITES


async def test_a_wall_asks_about_one_row(house: House) -> None:
    """A set of everybody visible is counted as made for each look at an index: the planner reads whole tables instead."""
    walls = text("SELECT tablename FROM pg_policies WHERE qual ~ ' IN '")
    async with house.ctx.database.begin() as (connection, _):
        assert list((await connection.execute(walls)).scalars()) == []


async def test_nobody_sees_another_sites_rows(lived: House) -> None:
    here, there = (person.site_id for person in lived.people)
    seen_here = await _seen(lived, frozenset({here}))
    seen_there = await _seen(lived, frozenset({there}))
    seen_by_none = await _seen(lived, frozenset())
    for table in sorted(set(metadata.tables) - OPEN_TO_ALL_SITES):
        assert seen_here[table] & seen_there[table] == set(), table
        assert seen_by_none[table] == set(), table
        if table not in NOTHING_IN_THEM:
            assert seen_here[table] and seen_there[table], f"{table}: nothing to see proves nothing"
    both = await _seen(lived, frozenset({here, there}))
    assert both["participant"] == seen_here["participant"] | seen_there["participant"]


async def _seen(house: House, sites: frozenset[int]) -> dict[str, set[str]]:
    async with house.ctx.database.begin_for_sites(sites) as (connection, _):
        return {table: await _places(connection, table) for table in metadata.tables}


async def _places(connection: AsyncConnection, table: str) -> set[str]:
    return set((await connection.execute(text(f"SELECT ctid::text FROM {table}"))).scalars())


async def test_words_of_another_site_are_not_even_ciphertext(lived: House) -> None:
    """Keys and sealed values follow their owner's wall: a list of ids is no way round it."""
    here = frozenset({lived.people[0].site_id})
    query = text("SELECT count(*) FROM sealed WHERE sealed_id = :one")
    async with lived.ctx.database.begin() as (connection, _):
        of_the_other = text("SELECT name_sealed FROM participant WHERE site_id = :site")
        sealed_id = (await connection.execute(of_the_other, {"site": lived.people[1].site_id})).scalar_one()
        assert (await connection.execute(query, {"one": sealed_id})).scalar_one() == 1
    async with lived.ctx.database.begin_for_sites(here) as (connection, _):
        assert (await connection.execute(query, {"one": sealed_id})).scalar_one() == 0


async def test_a_transaction_for_sites_leaves_nothing_behind_for_the_next(lived: House) -> None:
    """The scope is the transaction's, not the connection's."""
    here = frozenset({lived.people[0].site_id})
    counted = text("SELECT count(*) FROM participant")
    async with lived.ctx.database.begin_for_sites(here) as (connection, _):
        assert (await connection.execute(counted)).scalar_one() == 1
    async with lived.ctx.database.begin_for_sites(frozenset()) as (connection, _):
        assert (await connection.execute(counted)).scalar_one() == 0
