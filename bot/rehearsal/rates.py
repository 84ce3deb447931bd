"""The committed rates, read once: how often what happens to virtual people, and what virtual staff do."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("rates.toml")


@dataclass(frozen=True, slots=True)
class Toxicity:
    """`weekly`: chance to begin in a week, more by `growth` each cycle. `severity`: weights from mild to severe."""

    name: str
    arms: tuple[str, ...]
    weekly: float
    growth: float
    weeks: int
    severity: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rates:
    toxicities: tuple[Toxicity, ...]
    daily: dict[str, float]
    cycle: dict[str, float]
    release: dict[str, int]
    nurse: dict[str, int]


def load() -> Rates:
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    toxicities = tuple(
        Toxicity(name, tuple(one["arms"]), one["weekly"], one["growth"], one["weeks"], tuple(one["severity"]))
        for name, one in read["toxicity"].items()
    )
    return Rates(toxicities, read["daily"], read["cycle"], read["release"], read["nurse"])
