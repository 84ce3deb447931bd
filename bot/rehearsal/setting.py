"""What is to be rehearsed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Setting:
    """What is to be rehearsed. `faults`: kinds by name, `intensity` times as often as usual.

    `persona` and `hour`, where given, are everybody's.
    """

    study: str = "nct04217967"
    participants: int = 12
    days: int = 28
    seed: int = 7
    faults: frozenset[str] = frozenset()
    intensity: float = 1.0
    persona: str = ""
    hour: int | None = None
    zone: str = "Asia/Shanghai"
    first_day: date = date(2026, 11, 2)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first_day, time(7), ZoneInfo(self.zone)).astimezone(ZoneInfo("UTC"))

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=self.days)
