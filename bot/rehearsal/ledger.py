"""What one virtual person did and saw, and what the site decided about him: written down by himself, beside the product.

A ledger knows nothing of the database. Promises are counted by holding the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

_ALERT = re.compile(r"/console/alerts/(\d+)")


@dataclass(slots=True)
class Act:
    """One thing done on a phone. `acknowledged_at`: when the house said that it has it; None while it has not."""

    at: datetime
    phone: str
    channel: str
    external_id: str
    what: str
    acknowledged_at: datetime | None = None
    deliveries: int = 0
    heard: Callable[[datetime], None] | None = None  # what becomes true when it is acknowledged, however late


@dataclass(frozen=True, slots=True)
class Seen:
    """One message as it appeared. `key` is what the wire was given with it; empty on the page, which was looked at."""

    at: datetime
    phone: str
    channel: str
    text: str
    answers: tuple[str, ...]
    edited: bool
    key: str = ""
    labels: tuple[str, ...] = ()  # of its buttons, also of those that open a page


@dataclass(slots=True)
class Said:
    """A statement about one dose. `whole`: nothing more was asked about it; otherwise the hour or the reason still was.

    `doubtful`: said on a screen that a fault had left behind, or where he had tapped something before: the question may have
    been over already.
    """

    act: Act
    drug: str
    on: date  # the dose's own day
    status: str  # taken, not_taken, cannot_say
    taken_at: datetime | None = None  # None with "taken": the hour was not told
    now: bool = False  # taken at the very moment of telling
    whole: bool = True
    doubtful: bool = False


@dataclass(slots=True)
class Extra:
    """A study medicine swallowed on a day that has none of it, as it was told beside the plan: which, and then when.

    `told` is None while only the medicine is: then it is on record once its question is closed, whenever that is.
    """

    named: Act
    drug: str
    named_in_doubt: bool = False  # as in Said
    told: Act | None = None
    taken_at: datetime | None = None  # None: the hour was not told
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Worry:
    """An answer or words that need somebody of the staff: emergency or urgent. `doubtful`: as in Said.

    `about`: the symptom, where it answers a question of a check. `kind`: of the alert that must follow, where one only may.
    """

    act: Act
    tier: str
    what: str
    doubtful: bool = False
    about: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What was decided: arm, cycle, hold, resume, status, habit. `value` is the arm, the status, or zone and time."""

    recorded_at: datetime
    effective_from: datetime
    what: str
    value: str = ""
    drug: str = ""
    cycle: int = 0
    on: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """Consent given (`yes`) or taken back, on one phone."""

    at: datetime
    phone: str
    yes: bool


@dataclass(slots=True)
class Blocked:
    """A chat that he closed to us. `until`: when the house was told that it is open again; None while it was not."""

    phone: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Something reached him that asked about this dose: a neutral line while it was due, or the question itself."""

    at: datetime
    drug: str
    on: date


@dataclass(slots=True)
class Ledger:
    number: int
    site: str
    arm: str
    subject_id: str = ""
    participant_id: int = 0
    name: str = ""
    acts: list[Act] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)
    worries: list[Worry] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    agreed: list[Agreed] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    losses: list[datetime] = field(default_factory=list)  # when a fault kept something from a phone of his
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)  # what was told between is forgotten
    unheard: list[Agreed] = field(
        default_factory=list
    )  # consent taken back in a gap, which nobody knows any more
    shut: list[tuple[str, datetime, datetime]] = field(
        default_factory=list
    )  # phone whose chat is blocked, from, until

    def hour_beside(self, drug: str, on: date) -> datetime | None:
        """When the other medicine of that day was taken, as he told it last."""
        told = (
            one.taken_at for one in reversed(self.said) if one.on == on and one.drug != drug and one.taken_at
        )
        return next(told, None)

    def forgotten(self, act: Act) -> bool:
        """Acknowledged, and lost with what a restored database does not know."""
        at = act.acknowledged_at
        return at is not None and any(since <= at <= until for since, until in self.gaps)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail or message that reached a staff member."""

    at: datetime
    address: str
    subject: str
    text: str
    key: str

    @property
    def alerts(self) -> list[int]:
        return alerts_in(self.text)


def alerts_in(text: str) -> list[int]:
    """The alerts that a notice links to, by number."""
    return [int(number) for number in _ALERT.findall(text)]
