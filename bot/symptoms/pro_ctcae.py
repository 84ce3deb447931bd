"""PRO-CTCAE without its words: the structure of its questions and the composite grade of their scores.

Research data about groups. A composite goes to reports only: never to an alert, never to a patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.dialogue.faults import ScriptError, faults_of, read_toml

ATTRIBUTES = ("frequency", "severity", "interference", "presence")
QUESTIONS = 80
PRESENCE = "presence"
AMOUNT = (
    "interference_or_amount"  # two questions ask for an amount; its scores lie in the column interference
)

_Grade = Annotated[int, Field(strict=True, ge=0, le=3)]
_Five = Annotated[tuple[_Grade, ...], Field(min_length=5, max_length=5)]
_Table = Annotated[tuple[_Five, ...], Field(min_length=4, max_length=5)]
_Blocks = Annotated[tuple[_Table, ...], Field(min_length=4, max_length=4)]


@dataclass(frozen=True, slots=True)
class Instrument:
    """`structures`: question number -> structure; `grades`: structure -> scores in its order -> composite grade."""

    version: str
    structures: Mapping[int, str]
    grades: Mapping[str, Mapping[tuple[int, ...], int]]

    def attributes(self, structure: str) -> tuple[str, ...]:
        """The attributes that a structure asks for, in its order. ValueError for a structure nobody knows."""
        if structure not in {*self.grades, PRESENCE}:
            raise ValueError(
                f'structure "{structure[:60]}" is not one of {", ".join((*self.grades, PRESENCE))}'
            )
        return ("interference",) if structure == AMOUNT else tuple(structure.split("+"))

    def composite(self, structure: str, scores: Mapping[str, int | None]) -> int | None:
        """The composite grade 0-3, None where a score is missing or the structure has none (presence).

        A first attribute of 0 makes it 0, whatever follows: later questions are not asked then. Otherwise a
        missing score is a missing grade, and never counts as 0. ValueError: a score out of range, or one of an
        attribute that the structure does not have.
        """
        asked = self.attributes(structure)
        _check_scores(structure, asked, scores)
        given = [scores.get(name) for name in asked]
        if structure == PRESENCE:
            return None
        if given[0] == 0:
            return 0
        known = tuple(score for score in given if score is not None)
        return self.grades[structure][known] if len(known) == len(given) else None


def parse_instrument(text: str, name: str) -> Instrument:
    """Raises ScriptError: every fault with its place. Every combination of scores must have a grade."""
    try:
        found = _File.model_validate(read_toml(text, name))
    except ValidationError as error:
        raise faults_of(error, name) from None
    faults = list(_structure_faults(found.structures))
    if faults:
        raise ScriptError([f"{name}: {fault}" for fault in faults])
    numbers = {number: kind for kind, members in found.structures.items() for number in members}
    return Instrument(found.version, dict(sorted(numbers.items())), found.composite.grades())


class _Composite(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    one: Mapping[str, _Five]
    two: Mapping[str, _Table]
    three: Mapping[str, _Blocks]

    def grades(self) -> dict[str, dict[tuple[int, ...], int]]:
        """Every structure's table, with the scores as keys."""
        found: dict[str, dict[tuple[int, ...], int]] = {
            kind: {(score,): grade for score, grade in enumerate(row)} for kind, row in self.one.items()
        }
        for kind, table in self.two.items():
            found[kind] = _cells((), table, first=1)
        for kind, blocks in self.three.items():
            found[kind] = {
                scores: grade
                for frequency, table in enumerate(blocks, 1)
                for scores, grade in _cells((frequency,), table, first=0).items()
            }
        return found


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,40}$")]
    structures: Mapping[str, tuple[Annotated[int, Field(strict=True, ge=1, le=QUESTIONS)], ...]]
    composite: _Composite


def _cells(before: tuple[int, ...], table: Any, first: int) -> dict[tuple[int, ...], int]:
    return {
        (*before, one, two): grade for one, row in enumerate(table, first) for two, grade in enumerate(row)
    }


def _structure_faults(structures: Mapping[str, tuple[int, ...]]) -> list[str]:
    numbers = [number for members in structures.values() for number in members]
    missing = sorted(set(range(1, QUESTIONS + 1)) - set(numbers))
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    faults = [f"structures: question {number} stands nowhere" for number in missing]
    return faults + [f"structures: question {number} stands twice" for number in twice]


def _check_scores(structure: str, asked: tuple[str, ...], scores: Mapping[str, int | None]) -> None:
    for name, score in scores.items():
        if score is None:
            continue
        if name not in asked:
            raise ValueError(f"{name} is {score}, and a question of {structure} has no {name}")
        highest = 1 if name == PRESENCE else 4
        if not 0 <= score <= highest:
            raise ValueError(f"{name} is {score}, not a score from 0 to {highest}")
