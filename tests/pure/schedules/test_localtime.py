"""Wall clocks, clock changes, quiet nights: cases from real zones, and properties over all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.localtime import (
    dosing_date,
    elapsed,
    in_quiet_hours,
    instant,
    local,
    next_awake,
    zone_exists,
)

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe")

# Clock changes of these zones in UTC; half of all tries come within hours of one.
CHANGES = [
    datetime.fromisoformat(f"{at}+00:00")
    for at in (
        "1991-09-14T15:00",
        "2026-03-29T01:00",
        "2026-10-25T01:00",
        "2026-03-08T07:00",
        "2026-11-01T06:00",
        "2011-12-30T10:00",
        "2026-10-03T15:30",
        "2026-04-04T15:00",
    )
]
MOMENTS = st.builds(
    lambda base, seconds: base + timedelta(seconds=seconds),
    st.sampled_from(CHANGES),
    st.integers(-30 * 3600, 30 * 3600) | st.integers(-(10**8), 10**8),
)

# what the wall clock should show                    -> the instant, and why
INSTANTS = [
    ("2026-11-02 08:00", "Asia/Shanghai", "2026-11-02 00:00", "no clock change in China"),
    ("2026-03-28 08:00", "Europe/Berlin", "2026-03-28 07:00", "winter time"),
    ("2026-03-29 08:00", "Europe/Berlin", "2026-03-29 06:00", "summer time: 23 h after the day before"),
    ("2026-03-29 02:30", "Europe/Berlin", "2026-03-29 01:30", "skipped: moves forward, to 03:30"),
    ("2026-10-25 02:30", "Europe/Berlin", "2026-10-25 00:30", "comes twice: the first"),
    ("2026-03-08 02:00", "America/New_York", "2026-03-08 07:00", "skipped: 03:00"),
    ("2026-11-01 01:30", "America/New_York", "2026-11-01 05:30", "comes twice: the first"),
    ("2026-10-04 02:15", "Australia/Lord_Howe", "2026-10-03 15:45", "half an hour skipped: 02:45"),
    ("2026-04-05 01:45", "Australia/Lord_Howe", "2026-04-04 14:45", "half an hour twice: the first"),
    ("2011-12-30 08:00", "Pacific/Apia", "2011-12-30 18:00", "a whole day skipped: 08:00 on the 31st"),
]


@pytest.mark.parametrize(("shown", "zone", "utc", "why"), INSTANTS)
def test_instant(shown: str, zone: str, utc: str, why: str) -> None:
    wanted = datetime.fromisoformat(shown)
    assert instant(wanted.date(), wanted.time(), zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC), why


@given(
    st.sampled_from(ZONES),
    st.dates(date(2005, 1, 1), date(2035, 12, 31)),
    st.times().map(lambda t: t.replace(fold=0)),
)
def test_the_wall_clock_shows_what_was_asked_or_later(zone: str, on: date, at: time) -> None:
    shown = local(instant(on, at, zone), zone).replace(tzinfo=None, fold=0)
    wanted = datetime.combine(on, at)
    assert wanted <= shown <= wanted + timedelta(hours=24)
    exists = (
        wanted.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    )
    assert (shown == wanted) == (exists == wanted)


# now                 quiet from-to      awake again at
QUIET = [
    ("2026-11-02 21:29", "21:30", "07:30", None),
    ("2026-11-02 21:30", "21:30", "07:30", "2026-11-03 07:30"),
    ("2026-11-03 00:10", "21:30", "07:30", "2026-11-03 07:30"),
    ("2026-11-03 07:29", "21:30", "07:30", "2026-11-03 07:30"),
    ("2026-11-03 07:30", "21:30", "07:30", None),
    ("2026-11-03 13:00", "12:30", "14:00", "2026-11-03 14:00"),
    ("2026-11-03 14:00", "12:30", "14:00", None),
    ("2026-11-03 23:00", "00:00", "00:00", None),
    ("2026-11-03 08:00", "08:00", "08:00", None),
]


@pytest.mark.parametrize(("now", "start", "end", "awake"), QUIET)
def test_quiet_hours(now: str, start: str, end: str, awake: str | None) -> None:
    zone, span = "Asia/Shanghai", (time.fromisoformat(start), time.fromisoformat(end))
    at = _local(now, zone)
    assert in_quiet_hours(at, zone, *span) == (awake is not None)
    assert next_awake(at, zone, *span) == (_local(awake, zone) if awake else at)


def test_a_night_that_ends_in_the_repeated_hour_ends_once_more() -> None:
    second_showing = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 in Berlin, for the second time
    assert next_awake(second_showing, "Europe/Berlin", time(21, 30), time(2, 30)) == datetime(
        2026, 10, 25, 1, 30, tzinfo=UTC
    )


@given(
    st.sampled_from(ZONES),
    MOMENTS,
    st.times(),
    st.times(),
)
def test_next_awake_is_never_before_never_quiet_and_never_a_day_away(
    zone: str, at: datetime, start: time, end: time
) -> None:
    awake = next_awake(at, zone, start, end)
    assert at <= awake <= at + timedelta(hours=26)
    assert not in_quiet_hours(awake, zone, start, end)


# the patient's clock     is still the dosing day
DOSING_DATES = [
    ("2026-11-02 08:00", "2026-11-02"),
    ("2026-11-02 23:59", "2026-11-02"),
    ("2026-11-03 00:00", "2026-11-02"),
    ("2026-11-03 02:59", "2026-11-02"),
    ("2026-11-03 03:00", "2026-11-03"),
]


@pytest.mark.parametrize(("shown", "day"), DOSING_DATES)
def test_dosing_date(shown: str, day: str) -> None:
    zone = "Asia/Shanghai"
    assert dosing_date(_local(shown, zone), zone, time(3)) == date.fromisoformat(day)


def test_elapsed_counts_real_hours_across_a_clock_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    evening, morning = datetime(2026, 3, 28, 20, tzinfo=berlin), datetime(2026, 3, 29, 8, tzinfo=berlin)
    assert morning - evening == timedelta(hours=12)  # what Python makes of one zone
    assert elapsed(evening, morning) == timedelta(hours=11)
    assert elapsed(morning, evening) == -timedelta(hours=11)


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        local(datetime.fromisoformat("2026-11-02T08:00"), "Asia/Shanghai")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Asia/Shanghai", True),
        ("UTC", True),
        ("Asia/Schanghai", False),
        ("Asia", False),
        ("localtime", False),
        ("", False),
        ("../../etc/passwd", False),
        ("/etc/localtime", False),
        ("Asia/", False),
        ("Asia/Shang\x00hai", False),
        ("A/" + "b" * 5000, False),
    ],
)
def test_zone_exists(name: str, known: bool) -> None:
    assert zone_exists(name) is known


def _local(shown: str, zone: str) -> datetime:
    wanted = datetime.fromisoformat(shown)
    return instant(wanted.date(), wanted.time(), zone)
