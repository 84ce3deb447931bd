"""Statements that are asked all day are built once: building one costs more than asking it.

What is built can also be asked for many occasions at once (`bot.services.together`): the same rows, one journey.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from inspect import signature
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Executable,
    Select,
    SelectBase,
    TableValuedAlias,
    Update,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter, Cast
from sqlalchemy.types import TypeEngine

OCCASION = "occasion"  # the number of the occasion to which a row belongs, from 1


class Built:
    """`make` writes the statement with a placeholder for each of its arguments."""

    def __init__(self, make: Callable[..., Executable]) -> None:
        self._make = make
        self.keys = tuple(f"_{name}" for name in signature(make).parameters)

    @cached_property
    def one(self) -> Executable:
        return self._make(*(bindparam(key) for key in self.keys))

    @cached_property
    def _types(self) -> dict[str, TypeEngine[Any]]:
        parts = list(visitors.iterate(self.one))  # type: ignore[arg-type] # every statement is a ClauseElement
        types = {part.key: part.type for part in parts if isinstance(part, BindParameter)}
        told = {
            part.clause.key: part.type
            for part in parts
            if isinstance(part, Cast) and isinstance(part.clause, BindParameter)
        }
        return types | told

    @cached_property
    def fixed(self) -> tuple[str, ...]:
        """What has to be the same for all who ask together: lists."""
        return tuple(key for key in self.keys if isinstance(self._types[key], ARRAY))

    @cached_property
    def asks(self) -> bool:
        return isinstance(self.one, SelectBase)

    @cached_property
    def many(self) -> Select[Any]:
        """For a list of values in place of each: the rows of all of them, each with its OCCASION last."""
        given = spread({key: self._types[key] for key in self.keys if key not in self.fixed})
        inner: Any = self._make(*(bindparam(key) if key in self.fixed else given.c[key] for key in self.keys))
        found = inner.lateral("found")
        return select(*found.c, given.c[OCCASION]).select_from(given.join(found, true()))


class Bound(NamedTuple):
    """A built statement with the values of one occasion."""

    query: Built
    values: dict[str, Any]


def built(make: Callable[..., Executable]) -> Callable[..., Bound]:
    """What replaces `make` takes the values of its arguments."""
    query = Built(make)

    def bound(*values: Any) -> Bound:
        return Bound(query, dict(zip(query.keys, values, strict=True)))

    return bound


def changed(
    key: InstrumentedAttribute[int], row_id: int, values: Mapping[str, Any]
) -> tuple[Update, list[dict[str, Any]]]:
    """Some columns of one row, for `Tx.do`."""
    return _changing(key, *values), [{"id": row_id} | {f"new_{name}": new for name, new in values.items()}]


@cache
def _changing(key: InstrumentedAttribute[int], *names: str) -> Update:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(key.class_).where(key == bindparam("id")).values(values)


class Written:
    """Rows that are written for one occasion or many by one statement, which returns something of each.

    `make` gets the given values as a table with OCCASION, and returns a select of what comes back, OCCASION last.
    """

    def __init__(self, columns: Mapping[str, ColumnElement[Any]], make: Callable[[CTE], Select[Any]]) -> None:
        self.keys = tuple(columns)
        given = spread({key: one.type for key, one in columns.items()})
        self.statement = make(select(given).cte("given"))

    def values(self, occasions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {key: [one[key] for one in occasions] for key in self.keys}


class Listed:
    """Rows of `names` that are inserted by one statement, however many they are; nobody asks what came of it.

    `make` says what happens to those that are there. Of those that are the same by `once` the first is written:
    PostgreSQL refuses to change a row twice in one statement.
    """

    def __init__(
        self,
        model: type[Any],
        names: Sequence[str],
        make: Callable[[Insert], Insert] = lambda rows: rows,
        once: tuple[str, ...] = (),
    ) -> None:
        self._names, self._once = names, once
        given = spread({name: model.__table__.c[name].type for name in names})
        self.statement = make(insert(model).from_select(names, select(*(given.c[name] for name in names))))

    def values(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        if self._once:
            rows = list({tuple(row[name] for name in self._once): row for row in reversed(rows)}.values())[
                ::-1
            ]
        return {name: [row[name] for row in rows] for name in self._names}


def with_rows(statement: Executable | Listed, rows: Sequence[Mapping[str, Any]]) -> tuple[Executable, Any]:
    """The statement and its values, as a connection takes them."""
    if isinstance(statement, Listed):
        return statement.statement, statement.values(rows)
    return statement, rows if len(rows) > 1 else rows[0]


def spread(types: Mapping[str, TypeEngine[Any]]) -> TableValuedAlias:
    """One list for each name, side by side as a table."""
    lists = (cast(bindparam(key, type_=ARRAY(type_)), ARRAY(type_)) for key, type_ in types.items())
    columns = (column(key, type_) for key, type_ in types.items())
    return func.unnest(*lists).table_valued(*columns, with_ordinality=OCCASION, name="given").render_derived()
