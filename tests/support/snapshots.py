"""What many tests begin with is lived through once in each process of a run; the others get a copy of its database."""

from __future__ import annotations

import itertools
import os
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from bot.services.context import Ctx
from tests.support import database as databases

T = TypeVar("T")
_taken: dict[object, tuple[str, Any]] = {}
_numbers = itertools.count(1)


async def once(ctx: Ctx, key: object, live: Callable[[], Awaitable[T]]) -> T:
    """What `live` returns, and its database behind `ctx`. `key` names everything that both depend on.

    What is returned is copied for each test: it must not hold `ctx` itself.
    """
    postgres = databases.running()
    name = unquote(urlsplit(ctx.database.url).path.removeprefix("/"))
    if key in _taken:
        snapshot, made = _taken[key]
        await ctx.database.close()
        databases.copy(postgres, snapshot, name)
    else:
        made = await live()
        await ctx.database.close()
        snapshot = f"snapshot_{os.getpid()}_{next(_numbers)}"
        databases.copy(postgres, name, snapshot)
        _taken[key] = snapshot, deepcopy(made)
    async with ctx.begin() as tx:
        await ctx.book.refresh(tx)
    copied: T = deepcopy(made)
    return copied
