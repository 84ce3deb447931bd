"""Bring a database to the newest schema, as its owner. The application itself never runs as owner.

The owner and the runtime role are created here: the runtime role is no superuser and cannot bypass row-level security.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

OWNER, RUNTIME = "suiyao_owner", "suiyao_runtime"
_LOCK = 7_318_001  # one migration at a time, also when several replicas start together

_ROLES = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER}') THEN
        CREATE ROLE {OWNER} NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{RUNTIME}') THEN
        CREATE ROLE {RUNTIME} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


def upgrade(owner_url: str, runtime_password: str) -> None:
    """Create roles and tables. `owner_url` names a role that may create roles (a superuser, or CREATEROLE).

    A plain function: do not call it from inside a running event loop.
    """
    asyncio.run(_upgrade(owner_url, runtime_password))


async def _upgrade(owner_url: str, runtime_password: str) -> None:
    engine = create_async_engine(make_url(owner_url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run, runtime_password)
    finally:
        await engine.dispose()


def _run(connection: Connection, runtime_password: str) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    _create_roles(connection, runtime_password)
    connection.execute(text(f"SET LOCAL ROLE {OWNER}"))
    command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _create_roles(connection: Connection, runtime_password: str) -> None:
    connection.execute(text(_ROLES))
    connection.execute(text(f"GRANT {OWNER} TO CURRENT_USER"))
    connection.execute(text(f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}"))
    # ALTER ROLE takes no parameters: quote_literal does what a parameter would.
    quoted = connection.execute(text("SELECT quote_literal(:word)"), {"word": runtime_password}).scalar_one()
    connection.exec_driver_sql(f"ALTER ROLE {RUNTIME} PASSWORD {quoted.replace('%', '%%')}")
