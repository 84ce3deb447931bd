"""Rows of drug labels that speak of what was found. References for clinicians, who alone change a dose."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.dialogue.faults import ScriptError, faults_of, read_toml
from bot.symptoms.condition import Condition, Facts, met, parse_condition

_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """`drugs`: those it speaks of, in its order. `text`: the label's words, restated, for staff."""

    id: str
    version: int
    drugs: tuple[str, ...]
    when: tuple[Condition, ...]
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Label:
    version: str
    rows: tuple[LabelRow, ...]

    def text_ids(self) -> frozenset[str]:
        return frozenset(row.text for row in self.rows)


def matching(label: Label, facts: Facts, drugs: Collection[str]) -> tuple[LabelRow, ...]:
    """Rows that are met and speak of a drug that is taken."""
    return tuple(row for row in label.rows if set(row.drugs) & set(drugs) and met(row.when, facts))


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    id: _Id
    version: Annotated[int, Field(ge=1)]
    drugs: Annotated[tuple[_Id, ...], Field(min_length=1)]
    when: Annotated[tuple[str, ...], Field(min_length=1)]
    text: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]
    source: Annotated[str, Field(min_length=1, max_length=200)]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,40}$")]
    rows: tuple[_Row, ...]


def parse_label(text: str, name: str) -> Label:
    """Raises ScriptError: every fault with its place."""
    try:
        file = _File.model_validate(read_toml(text, name))
    except ValidationError as error:
        raise faults_of(error, name) from None
    faults = list(_faults(file))
    if faults:
        raise ScriptError([f"{name}: {fault}" for fault in faults])
    return Label(file.version, tuple(_row(row) for row in file.rows))


def _row(row: _Row) -> LabelRow:
    when = tuple(parse_condition(line) for line in row.when)
    return LabelRow(row.id, row.version, row.drugs, when, row.text, row.source)


def _faults(file: _File) -> Iterator[str]:
    ids = [row.id for row in file.rows]
    yield from (f"row {one} stands twice" for one in sorted({one for one in ids if ids.count(one) > 1}))
    for row in file.rows:
        for line in row.when:
            try:
                parse_condition(line)
            except ValueError as fault:
                yield f"{row.id}: {fault}"
