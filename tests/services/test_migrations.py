"""The schema that migrations make is the one that the models describe, and there is one way to it."""

from __future__ import annotations

import asyncio
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from bot.db import migrate
from bot.db.embedded import EmbeddedPostgres
from bot.db.tables import metadata
from bot.setting_forms import asyncpg_url


def test_there_is_one_head_and_one_line_of_revisions() -> None:
    script = ScriptDirectory.from_config(migrate.alembic_config(None))
    assert len(script.get_heads()) == 1
    assert len(list(script.walk_revisions())) == len({one.revision for one in script.walk_revisions()})


async def test_migrations_make_what_the_models_describe(
    postgres: EmbeddedPostgres, database_name: str
) -> None:
    assert await _differences(postgres.url(database_name)) == []


def test_up_from_empty_and_once_more_changes_nothing(postgres: EmbeddedPostgres) -> None:
    name = "up_from_empty"
    postgres.create_database(name)
    try:
        migrate.upgrade(postgres.url(name), "runtime")
        before = postgres.sql(TABLES, name)
        migrate.upgrade(postgres.url(name), "runtime")
        assert postgres.sql(TABLES, name) == before
        assert set(before.split(",")) == {*metadata.tables, "alembic_version"}
        assert asyncio.run(_differences(postgres.url(name))) == []
    finally:
        postgres.drop_database(name)


TABLES = "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'"


async def _differences(owner_url: str) -> list[Any]:
    engine = create_async_engine(asyncpg_url(owner_url))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compared)
    finally:
        await engine.dispose()


def _compared(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [one for one in compare_metadata(context, metadata) if not _is_about_the_one_deployment(one)]


def _is_about_the_one_deployment(difference: Any) -> bool:
    """An index over an expression, which a comparison cannot read."""
    return difference[0] in ("add_index", "remove_index") and difference[1].name == "uq_deployment_only"
