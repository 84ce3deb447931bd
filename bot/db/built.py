"""Statements that are asked all day are built once: building one costs more than asking it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import signature
from typing import Any, NamedTuple

from sqlalchemy import Executable, bindparam


class Bound(NamedTuple):
    """A built statement with the values of one occasion."""

    statement: Executable
    values: dict[str, Any]


def built(make: Callable[..., Executable]) -> Callable[..., Bound]:
    """`make` writes the statement with a placeholder for each of its arguments; what replaces it takes their values."""
    keys = tuple(f"_{name}" for name in signature(make).parameters)

    @cache
    def statement() -> Executable:
        return make(*(bindparam(key) for key in keys))

    def bound(*values: Any) -> Bound:
        return Bound(statement(), dict(zip(keys, values, strict=True)))

    return bound
