"""A superuser's connection that lasts for the whole run: starting psql takes longer than what it is asked to do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any

import asyncpg

from bot.db.embedded import EmbeddedPostgres

SECONDS = 60


class Desk:
    """It has a thread and an event loop of its own, so that fixtures of both kinds may ask."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._url = url
        self._connection: Any = None

    def ask(self, statement: str) -> Any:
        """What it answers first. A test may have restarted the server since."""
        if self._connection is None or self._connection.is_closed():
            self._connection = self._wait(asyncpg.connect(self._url))
        return self._wait(self._connection.fetchval(statement))

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(SECONDS)


@cache
def _desk(url: str) -> Desk:
    return Desk(url)


def ask(postgres: EmbeddedPostgres, statement: str) -> Any:
    return _desk(postgres.admin_url).ask(statement)
