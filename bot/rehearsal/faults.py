"""Faults on purpose: which there are, when a seed lets them happen, and what each of them hit.

Each happens once, at the boundary that it was armed for. Nothing here knows what the product does about it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

# kind -> what it does, in the words of the report. Where it strikes is the group that it stands in.
AT_COMMIT = {
    "killed_before_commit": "a process killed before a commit",
    "killed_after_commit": "a process killed after a commit, before it could go on",
    "killed_at_statement": "a process killed while it waited for the database",
    "lost_at_begin": "the database away when a transaction begins",
    "lost_before_commit": "the connection to the database lost before a commit",
    "lost_after_commit": "the connection lost after a commit, whose fate nobody knows",
    "rival": "another process that does all the same work in the middle of a transaction",
}
AT_SEND = {
    "killed_before_send": "a process killed between claiming and sending",
    "killed_after_send": "a process killed after sending, before it was written down",
    "refused_connection": "a connection refused",
    "too_fast": "429 with a wait of seconds to an hour",
    "rejected": "400 for one message",
    "reset_before": "a connection reset before the provider had it",
    "reset_after": "a connection reset after the provider had it",
    "timeout": "no answer from a provider that may have it",
}
AT_ACCEPT = {
    "repeated": "an update delivered twice",
    "repeated_later": "an update delivered again an hour later",
    "swapped": "two updates in the wrong order",
    "id_jump": "update numbers that jump to a random place",
}
CHANNELS = ("telegram", "email")
OUTAGES = (CHANNELS[:1], CHANNELS[1:], CHANNELS)
AT_LARGE = {
    "blocked": "somebody blocks the chat, and opens it again days later",
    "storm": "429 for every message of a channel, for ten minutes, with waits of seconds to half an hour",
    "outage": "the messenger, the mail server, or both away for an hour",
    "house_down": "no process of ours for half an hour to three hours",
    "database_restart": "the database restarted: every connection lost",
}
ALERTS = "alerts"  # what a fault at the wire may wait for: there are few, and they matter most
FOR_ALERTS = 0.25  # of the faults at the wire
ONCE = {"restore": "last night's backup brought back in the middle of the study"}
KINDS = {**AT_COMMIT, **AT_SEND, **AT_ACCEPT, **AT_LARGE, **ONCE}
A_DAY_PER_TWELVE = 1.5  # faults a day for twelve people
DEEPEST = 6  # a boundary this far ahead at most


class Killed(BaseException):
    """A process is gone, as by SIGKILL: nothing of it runs any more, no handler catches it."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that happened. `what`: the message, update, channel or statement that it hit."""

    at: datetime
    kind: str
    what: str


@dataclass(slots=True)
class Armed:
    kind: str
    left: int  # boundaries of its group still to pass
    only: str = ""  # at this sort of boundary


@dataclass(slots=True)
class Faults:
    """Armed faults and those that happened. `spans`: when something was away: channel or `house`, from, until."""

    kinds: frozenset[str]
    chance: Random
    now: Callable[[], datetime]
    armed: list[Armed] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)
    spans: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    rival: Callable[[], Awaitable[None]] | None = None

    def arm(self, kind: str, ahead: int | None = None) -> None:
        if ahead is None and kind in AT_SEND and self.chance.random() < FOR_ALERTS:
            self.armed.append(Armed(kind, 0, ALERTS))
        else:
            self.armed.append(Armed(kind, self.chance.randrange(DEEPEST) if ahead is None else ahead))

    def at(self, group: Iterable[str], sort: str = "") -> str:
        """Pass one boundary of this group. The fault whose turn it is, or nothing."""
        for one in self.armed:
            if one.kind in group and one.only in ("", sort):
                if one.left <= 0:
                    self.armed.remove(one)
                    return one.kind
                one.left -= 1
                return ""
        return ""

    def strike(self, kind: str, what: str) -> None:
        self.struck.append(Struck(self.now(), kind, what))

    def away(self, what: str) -> bool:
        return any(name == what and start <= self.now() < end for name, start, end in self.spans)

    def back_at(self) -> datetime | None:
        """When the next thing that is away comes back."""
        return min((end for _, start, end in self.spans if end > self.now() >= start), default=None)

    def schedule(
        self, start: datetime, days: int, people: int, intensity: float
    ) -> list[tuple[datetime, str]]:
        """When which fault is to be armed: as many as the population bears, in order of time."""
        kinds = sorted(self.kinds - set(ONCE))
        if not kinds:
            return []
        count = round(days * A_DAY_PER_TWELVE * intensity * max(people, 6) / 12)
        # Each kind at least once where the run is long enough, the rest by chance.
        chosen = [kinds[n % len(kinds)] for n in range(min(count, len(kinds)))]
        chosen += [self.chance.choice(kinds) for _ in range(count - len(chosen))]
        span = timedelta(days=days).total_seconds()
        return sorted((start + timedelta(seconds=self.chance.uniform(0, span)), kind) for kind in chosen)


def chosen(names: str) -> frozenset[str]:
    """`none`, `all`, or names with commas. Raises ValueError for a name that is none."""
    if names in ("none", ""):
        return frozenset()
    if names == "all":
        return frozenset(KINDS)
    found = frozenset(name.strip() for name in names.split(","))
    if unknown := sorted(found - set(KINDS)):
        raise ValueError(f"no fault {', '.join(unknown)}; there are: {', '.join(KINDS)}")
    return found


def near(struck: Sequence[Struck], at: datetime, before: timedelta, after: timedelta = timedelta(0)) -> bool:
    return any(at - before <= one.at <= at + after for one in struck)
