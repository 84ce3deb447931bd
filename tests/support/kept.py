"""What a test run does once instead of once for each test: reading and parsing definitions, compiling SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.services.book import Book
from bot.services.context import Tx

_compiled: dict[Any, Any] = {}
_read: dict[str, Any] = {}


class BookOfRun(Book):
    """A book of which other tests have read pages already: it holds what is published here, and nothing else."""

    async def refresh(self, tx: Tx) -> None:
        self._parsed.update(_read)
        await super().refresh(tx)
        _read.update(self._parsed)
        published = {entry.hash for editions in self._editions.values() for entry in editions}
        self._parsed = {key: _read[key] for key in published}


def parsed_once(parser: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    """What is refused is refused anew each time, with the place that was given."""
    kept: dict[str, Any] = {}

    def parse(body: str, where: str) -> Any:
        if body not in kept:
            kept[body] = parser(body, where)
        return kept[body]

    return parse


def woven_once(weave: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Keeps what it was given as well: no other value can come to have the same id."""
    kept: dict[tuple[int, int], tuple[Any, Any, Any]] = {}

    def weave_once(danger: Any, symptoms: Any) -> Any:
        key = id(danger), id(symptoms)
        if key not in kept:
            kept[key] = danger, symptoms, weave(danger, symptoms)
        return kept[key][2]

    return weave_once


class OneDialect(PGDialect_asyncpg):
    """Every engine's is equal to every other's, so that what one compiled the next one finds."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OneDialect)

    def __hash__(self) -> int:
        return 1


def compiling_once(url: str, **options: Any) -> AsyncEngine:
    """Instead of `create_async_engine`: each test has engines of its own, and they share compiled statements."""
    registry.register("postgresql.compiled_once", __name__, OneDialect.__name__)
    return create_async_engine(
        url.replace("postgresql+asyncpg:", "postgresql+compiled_once:", 1),
        execution_options={"compiled_cache": _compiled},
        **options,
    )
