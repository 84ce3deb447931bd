"""What many tests begin with is lived through once in a run, by whoever comes first; the others copy its database."""

from __future__ import annotations

import fcntl
import hashlib
import pickle
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from bot.services.context import Ctx
from tests.support import database as databases

T = TypeVar("T")


async def once(ctx: Ctx, key: object, live: Callable[[], Awaitable[T]]) -> T:
    """What `live` returns, and its database behind `ctx`. `key`, as it is printed, names everything that both depend on.

    What is returned is copied for each test: it must not hold `ctx` itself. The database need not be there yet: see
    `unmade_url`. What `live` begins with may be another `once`, which then is not copied for each test.
    """
    postgres = databases.running()
    name = unquote(urlsplit(ctx.database.url).path.removeprefix("/"))
    with _alone(postgres.folder, key) as kept:
        there = kept.exists()
        if not there:
            databases.make(postgres, name)
        made = kept.read_bytes() if there else pickle.dumps(await live())
        await ctx.database.close()
        if not there:
            databases.copy(postgres, name, kept.name)
            kept.write_bytes(made)
    if there:
        databases.copy(postgres, kept.name, name)
    async with ctx.begin() as tx:
        await ctx.book.refresh(tx)
    copied: T = pickle.loads(made)  # noqa: S301 - written above, into this run's own folder
    return copied


@contextmanager
def _alone(folder: Path, key: object) -> Iterator[Path]:
    """Where it is kept, under the name of its database; processes that want the same wait for the one that makes it."""
    kept = folder / f"snapshot_{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}"
    with open(kept.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield kept
