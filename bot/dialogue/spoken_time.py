"""Which instant somebody means by 刚才, 昨晚10点半, 8点半 or "half an hour ago".

Never guesses: one instant that fits is offered to be confirmed, anything else is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from bot.dialogue.spoken_time_clocks import Clock
from bot.dialogue.spoken_time_words import MOST_CLOCKS, read_times

Asks = Literal["", "several", "none", "ambiguous_midnight", "ambiguous_last_night"]

TOLERANCE = timedelta(minutes=5)
"""Clocks at home run fast: up to this much in the future still means now."""
LONGEST = timedelta(days=7)
"""How far back an answer may reach when there was no earlier dose."""
NIGHT_ENDS = 3
"""Before this hour people call the evening that has just passed both 今晚 and 昨晚."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Instants that may be meant, earliest first, in the zone of `now`.

    `asks` decides: "" means exactly one candidate; with any other value the person is asked again, and the
    candidates (for an ambiguous night possibly one or none) may be offered as choices.
    """

    candidates: tuple[datetime, ...]
    asks: Asks


@dataclass(frozen=True, slots=True)
class _Range:
    after: datetime
    until: datetime
    zone: tzinfo

    def fit(self, instant: datetime) -> datetime | None:
        """The instant in the range, `until` for one in the near future, None outside. Compared in UTC."""
        if self.until < instant <= self.until + TOLERANCE:
            instant = self.until
        return instant.astimezone(self.zone) if self.after < instant <= self.until else None


def when_taken(text: str, now: datetime, previous: datetime | None) -> Spoken:
    """When a dose was taken, by what was written. `now` is aware, in the participant's zone.

    Candidates lie strictly after `previous` (the dose before; None: at most 7 days back) and not after `now`.
    An hour without a day means today (before 03:00 also the evening before), else yesterday. A local time
    that does not exist moves forward; one that comes twice means the first. Never raises on any text.
    """
    words = read_times(text, now.date())
    zone = now.tzinfo or UTC
    until = now.astimezone(UTC)
    span = _Range((previous or until - LONGEST).astimezone(UTC), until, zone)
    if words.clocks:
        return _by_clocks(words.clocks, now, span)
    if words.ago:
        return _spoken({span.fit(until - ago) for ago in words.ago})
    return _spoken({span.fit(until)} if words.just_now and not words.bare_day else set())


def clock_time(text: str) -> time | None:
    """A time of day for a preference: "早上8点" 08:00, "晚上8点半" 20:30, "21:30" as written.

    None for no time, several, or an hour that may be morning or evening ("8点"): ask again.
    """
    clocks = read_times(text, date(2000, 1, 1)).clocks
    if len(clocks) != 1:
        return None
    clock = clocks[0]
    if _is_midnight(clock):
        return time(0, clock.minute)
    if clock.digital and not clock.part and clock.hour < 24:
        return time(clock.hour, clock.minute)
    times = {time(hour, clock.minute) for _, hour in _readings(clock.part, clock.hour)}
    noon = time(12, clock.minute)
    return times.pop() if len(times) == 1 else noon if noon in times else None


def _spoken(found: set[datetime | None], asks: Asks = "") -> Spoken:
    candidates = tuple(sorted((c for c in found if c), key=lambda c: c.astimezone(UTC)))
    if not asks and len(candidates) != 1:
        asks = "several" if candidates else "none"
    return Spoken(candidates, asks)


def _by_clocks(clocks: tuple[Clock, ...], now: datetime, span: _Range) -> Spoken:
    found: set[datetime | None] = set()
    asks: Asks = "several" if len(clocks) > MOST_CLOCKS else ""
    for clock in clocks[:MOST_CLOCKS]:
        found |= _instants(clock, now, span)
        if _is_midnight(clock):
            asks = "ambiguous_midnight"
        elif now.hour < NIGHT_ENDS and _is_last_night(clock) and not asks:
            asks = "ambiguous_last_night"
    return _spoken(found, asks)


def _instants(clock: Clock, now: datetime, span: _Range) -> set[datetime | None]:
    today, late = now.date(), now.hour < NIGHT_ENDS
    if clock.day:
        dates = clock.day.dates
        if late and clock.day.relative:
            dates += tuple(day - timedelta(1) for day in dates)
        return _on(dates, clock, span)
    yesterday = today - timedelta(1)
    latest_day = _Range(max(span.after, span.until - timedelta(1)), span.until, span.zone)
    found = _on((today, yesterday) if late else (today,), clock, latest_day)
    return found if any(found) else _on((yesterday,), clock, latest_day)


def _on(dates: tuple[date, ...], clock: Clock, span: _Range) -> set[datetime | None]:
    readings = ((0, 0), (1, 0)) if _is_midnight(clock) else _readings(clock.part, clock.hour)
    if clock.padded and not clock.part:
        readings = ((0, clock.hour),)
    return {
        span.fit(_instant(day + timedelta(days), time(hour, clock.minute), span.zone))
        for day in dates
        for days, hour in readings
    }


def _instant(day: date, at: time, zone: tzinfo) -> datetime:
    """fold=0: the first of two, and the offset before a gap, which carries a missing time forward."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _is_midnight(clock: Clock) -> bool:
    """晚上12点: the midnight before or after that day? Nobody can tell, so it is asked."""
    return clock.part in ("evening", "night") and clock.hour in (0, 12, 24)


def _is_last_night(clock: Clock) -> bool:
    return bool(clock.day and clock.day.yesterday) and clock.part in ("evening", "night")


def _readings(part: str, hour: int) -> tuple[tuple[int, int], ...]:
    """(days later, hour of 24) that an hour may mean in a part of the day; () where the two contradict."""
    if hour == 24:
        return ((1, 0),) if part in ("", "evening", "night") else ()
    if hour > 12:
        return ((0, hour),) if _LATER_HALF.get(part, False) else ()
    match part:
        case "":
            return ((0, hour % 12), (0, hour % 12 + 12)) if hour else ((0, 0),)
        case "dawn":
            return ((0, hour % 12),) if hour % 12 < 7 else ()
        case "morning":
            return ((0, hour),)
        case "noon":
            return ((0, hour),) if 10 <= hour <= 12 else ((0, hour + 12),) if 1 <= hour <= 3 else ()
        case "afternoon" | "dusk":
            return ((0, hour % 12 + 12),) if hour else ()
        case "evening":
            return ((0, hour + 12),) if 5 <= hour < 12 else ((1, hour),) if 1 <= hour < 5 else ()
        case _:
            return ((0, hour + 12),) if 7 <= hour < 12 else ((0, hour), (1, hour)) if hour else ()


_LATER_HALF = {"": True, "noon": True, "afternoon": True, "dusk": True, "evening": True, "night": True}
"""Parts of the day that an hour from 13 to 23 can belong to."""
