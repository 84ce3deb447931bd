"""Wall clock and instant: clock changes, quiet hours, and which day a patient means by "today".

Never reads a clock. Instants are aware datetimes; zones are IANA names.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@lru_cache(maxsize=512)
def zone_exists(zone: str) -> bool:
    """True for UTC and for Area/City names that the time zone data knows."""
    # A bare word such as "localtime" is a file of this machine, and another machine would read another zone.
    if zone != "UTC" and "/" not in zone:
        return False
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def instant(local_date: date, local_time: time, zone: str) -> datetime:
    """The UTC instant at which a wall clock in `zone` shows this.

    A time that the clocks skip moves forward by what was skipped (02:30 becomes 03:30), so that no dose is
    lost; of a time that comes twice, the first is meant.
    """
    return datetime.combine(local_date, local_time.replace(fold=0), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local(at: datetime, zone: str) -> datetime:
    """What the wall clock in `zone` shows at that instant."""
    return _aware(at).astimezone(ZoneInfo(zone))


def elapsed(since: datetime, until: datetime) -> timedelta:
    """Time really passed, negative if `until` comes first.

    Python subtracts two datetimes of one zone as wall clocks, which is an hour wrong across a clock change:
    dose rules count real hours.
    """
    return _aware(until).astimezone(UTC) - _aware(since).astimezone(UTC)


def in_quiet_hours(at: datetime, zone: str, quiet_from: time, quiet_to: time) -> bool:
    """`quiet_from` is quiet, `quiet_to` no longer is; the span may cross midnight; equal ends mean none."""
    shown = local(at, zone).time()
    if quiet_from <= quiet_to:
        return quiet_from <= shown < quiet_to
    return shown >= quiet_from or shown < quiet_to


def next_awake(at: datetime, zone: str, quiet_from: time, quiet_to: time) -> datetime:
    """`at` itself outside quiet hours, otherwise the UTC instant at which they end."""
    if not in_quiet_hours(at, zone, quiet_from, quiet_to):
        return at.astimezone(UTC)
    shown = local(at, zone)
    ends_tomorrow = quiet_from > quiet_to and shown.time() >= quiet_from
    end_date = shown.date() + timedelta(days=1 if ends_tomorrow else 0)
    end = instant(end_date, quiet_to, zone)
    if end > at:
        return end
    # `at` lies in the repeated hour, after the first showing of `quiet_to`: the second one is meant.
    return datetime.combine(end_date, quiet_to.replace(fold=1), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def dosing_date(at: datetime, zone: str, ends: time) -> date:
    """The day a patient calls "today": until `ends` (03:00, say) the night belongs to the day before."""
    shown = local(at, zone)
    return shown.date() - timedelta(days=1) if shown.time() < ends else shown.date()


def _aware(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"an instant needs a time zone: {at.isoformat()}")
    return at
