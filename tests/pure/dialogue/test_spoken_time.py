"""When was it taken? Tables that a nurse can read: what was written, and what is understood."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.spoken_time import LONGEST, clock_time, when_taken

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEDNESDAY = datetime(2026, 11, 4, tzinfo=SHANGHAI)
DOSE_BEFORE = datetime(2026, 11, 2, 8, 0, tzinfo=SHANGHAI)


def heard(text: str, hour: int, minute: int = 0) -> str:
    """Said on Wednesday 4 November at the given time; the dose before was on Monday at 08:00."""
    spoken = when_taken(text, WEDNESDAY.replace(hour=hour, minute=minute), DOSE_BEFORE)
    return " ".join([f"{c:%d日%H:%M}" for c in spoken.candidates] + ([spoken.asks] if spoken.asks else []))


AT_NINE_IN_THE_MORNING = [
    # now
    ("刚才", "04日09:00"),
    ("刚刚吃的", "04日09:00"),
    ("现在", "04日09:00"),
    ("几分钟前", "04日09:00"),
    ("剛才", "04日09:00"),
    ("just now", "04日09:00"),
    # an hour of today
    ("8点半", "04日08:30"),
    ("８点半", "04日08:30"),
    ("８：３０", "04日08:30"),
    ("8:30", "04日08:30"),
    ("8.30", "04日08:30"),
    ("0830", "04日08:30"),
    ("8 点 半", "04日08:30"),
    ("8點半", "04日08:30"),
    ("早上八点", "04日08:00"),
    ("今早八点钟", "04日08:00"),
    ("早8点", "04日08:00"),
    ("八点一刻", "04日08:15"),
    ("差一刻九点", "04日08:45"),
    ("八点差五分", "04日07:55"),
    ("八点零五", "04日08:05"),
    ("八点二十五", "04日08:25"),
    ("八点多", "04日08:00"),
    ("大概八点左右吧", "04日08:00"),
    ("早饭后8点半", "04日08:30"),
    ("今天凌晨两点", "04日02:00"),
    ("半夜两点", "04日02:00"),
    ("8点2粒", "04日08:00"),
    ("8点25毫克", "04日08:00"),
    ("不是八点，是八点半", "04日08:30"),
    ("昨天没吃，今天早上8点吃的", "04日08:00"),
    ("9点03分", "04日09:00"),  # the clock at home is three minutes fast
    # before today
    ("昨晚10点半", "03日22:30"),
    ("昨天晚上，十点半左右", "03日22:30"),
    ("8点吃的，昨天晚上", "03日20:00"),
    ("昨晚一点", "04日01:00"),  # the night that began yesterday
    ("昨天20点", "03日20:00"),
    ("20点", "03日20:00"),
    ("昨天中午", "03日12:00"),
    ("中午", "03日12:00"),  # today's noon is still to come
    ("昨天下午三点半", "03日15:30"),
    ("晚上10点", "03日22:00"),
    ("前天晚上8点", "02日20:00"),
    ("两天前早上9点半", "02日09:30"),
    ("3号早上8点", "03日08:00"),
    ("11月3日晚上8点", "03日20:00"),
    ("2026-11-03 20:00", "03日20:00"),
    ("周二早上8点", "03日08:00"),
    # so long ago
    ("半小时前", "04日08:30"),
    ("半个钟头前", "04日08:30"),
    ("两个小时前", "04日07:00"),
    ("兩個小時前", "04日07:00"),
    ("一个半小时以前", "04日07:30"),
    ("1小时10分钟前", "04日07:50"),
    ("20分钟前", "04日08:40"),
    ("一刻钟前", "04日08:45"),
    # English
    ("at 8", "04日08:00"),
    ("8 in the morning", "04日08:00"),
    ("half past eight", "04日08:30"),
    ("quarter to nine this morning", "04日08:45"),
    ("8pm last night", "03日20:00"),
    ("10 last night", "03日22:00"),
    ("yesterday at 8:30 p.m.", "03日20:30"),
    ("half an hour ago", "04日08:30"),
    ("an hour and a half ago", "04日07:30"),
    # to be asked again
    ("昨天8点", "03日08:00 03日20:00 several"),
    ("昨天半夜2点", "03日02:00 04日02:00 several"),
    ("8点到9点之间", "04日08:00 04日09:00 several"),
    ("昨晚12点", "03日00:00 04日00:00 ambiguous_midnight"),
    ("晚上12点", "04日00:00 ambiguous_midnight"),
    ("12am", "04日00:00 ambiguous_midnight"),
    ("今早", "none"),  # no hour was said
    ("昨天晚上", "none"),
    ("前天", "none"),
    ("前天早上7点", "none"),  # before the dose before
    ("明天8点", "none"),
    ("8点以前", "none"),
    ("before 8", "none"),
    ("不是8点", "none"),
    ("早上20点", "none"),
    ("2月30日8点", "04日08:00"),  # no such day, so only the hour is heard; it is said back in full
    # not a time at all
    ("晚一点", "none"),
    ("早一点吃的", "none"),
    ("有一点恶心", "none"),
    ("好一点了", "none"),
    ("一日三次", "none"),
    ("饭前半小时", "none"),
    ("早饭半小时前", "none"),
    ("到现在还没吃", "none"),
    ("现在几点", "none"),
    ("38度5", "none"),
    ("at 25 mg", "none"),
    ("吃了", "none"),
    ("", "none"),
]


@pytest.mark.parametrize(("text", "understood"), AT_NINE_IN_THE_MORNING)
def test_said_at_nine_in_the_morning(text: str, understood: str) -> None:
    assert heard(text, 9) == understood


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("8点", "04日08:00 04日20:00 several"),
        ("8:30", "04日08:30 04日20:30 several"),
        ("08:30", "04日08:30"),
        ("早上8点", "04日08:00"),
        ("晚8点", "04日20:00"),
        ("今晚8点", "04日20:00"),
        ("中午", "04日12:00"),
        ("下午一点", "04日13:00"),
        ("12点", "04日00:00 04日12:00 several"),
    ],
)
def test_said_at_nine_in_the_evening(text: str, understood: str) -> None:
    assert heard(text, 21) == understood


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("昨晚10点半", "02日22:30 03日22:30 ambiguous_last_night"),
        ("8pm last night", "02日20:00 03日20:00 ambiguous_last_night"),
        ("今晚10点半", "03日22:30"),
        ("晚上10点半", "03日22:30"),
        ("10点半", "03日10:30 03日22:30 several"),
        ("12点半", "03日12:30 04日00:30 several"),
        ("两小时前", "03日23:00"),
    ],
)
def test_said_at_one_in_the_night(text: str, understood: str) -> None:
    assert heard(text, 1) == understood


def test_at_three_last_night_is_last_night_again() -> None:
    assert heard("昨晚10点半", 2, 59).endswith("ambiguous_last_night")
    assert heard("昨晚10点半", 3) == "03日22:30"


def test_without_an_earlier_dose_at_most_seven_days_back() -> None:
    now = WEDNESDAY.replace(hour=9)
    assert when_taken("10月28日早上9点", now, None).asks == "none"  # exactly seven days
    assert when_taken("10月28日早上9点半", now, None).candidates == (now - LONGEST + timedelta(minutes=30),)


def test_the_dose_before_is_itself_no_candidate() -> None:
    now = WEDNESDAY.replace(hour=9)
    assert when_taken("早上8点", now, now.replace(hour=8)).asks == "none"
    assert when_taken("早上8点", now, now.replace(hour=7, minute=59)).asks == ""


def test_an_hour_that_the_clock_change_skips_moves_forward() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spoken = when_taken("凌晨两点半", datetime(2026, 3, 29, 9, 0, tzinfo=berlin), None)
    assert [c.isoformat() for c in spoken.candidates] == ["2026-03-29T03:30:00+02:00"]


def test_an_hour_that_comes_twice_means_the_first() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spoken = when_taken("凌晨两点半", datetime(2026, 10, 25, 9, 0, tzinfo=berlin), None)
    assert [c.isoformat() for c in spoken.candidates] == ["2026-10-25T02:30:00+02:00"]


def test_hours_ago_are_elapsed_hours() -> None:
    new_york = ZoneInfo("America/New_York")
    spoken = when_taken("两个小时前", datetime(2026, 3, 8, 4, 0, tzinfo=new_york), None)
    assert [c.isoformat() for c in spoken.candidates] == ["2026-03-08T01:00:00-05:00"]


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("早上8点", time(8, 0)),
        ("晚上8点半", time(20, 30)),
        ("21:30", time(21, 30)),
        ("07:30", time(7, 30)),
        ("8:00", time(8, 0)),
        ("20点", time(20, 0)),
        ("８点早上", time(8, 0)),
        ("晚上12点", time(0, 0)),
        ("中午", time(12, 0)),
        ("8 pm", time(20, 0)),
        ("8点", None),  # morning or evening?
        ("早上8点到晚上9点", None),
        ("早上", None),
        ("随便", None),
    ],
)
def test_clock_time_for_a_preference(text: str, understood: time | None) -> None:
    assert clock_time(text) == understood


ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
NOWS = st.builds(
    lambda minutes, zone: (WEDNESDAY + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone)),
    st.integers(-5_000_000, 5_000_000),
    ZONES,
)
PREVIOUS_HOURS = st.one_of(st.none(), st.integers(0, 24 * 30))
WORD_PIECES = [
    "12",
    "30",
    "小时",
    "分",
    "钟",
    "不是",
    "没吃",
    "下午",
    "凌晨",
    "刚才",
    "at ",
    "am",
    "pm",
    "last night",
    "ago",
]
WORDS = st.lists(
    st.sampled_from([*"昨晚天前今早上周三号月点半刻差一两十8:., ", *WORD_PIECES]),
    max_size=30,
).map("".join)


@given(st.one_of(st.text(max_size=4096), WORDS), NOWS, PREVIOUS_HOURS)
def test_whatever_is_written_candidates_lie_in_the_range(text: str, now: datetime, hours: int | None) -> None:
    previous = None if hours is None else now.astimezone(UTC) - timedelta(hours=hours)
    spoken = when_taken(text, now, previous)
    after = previous or now.astimezone(UTC) - LONGEST
    instants = [candidate.astimezone(UTC) for candidate in spoken.candidates]
    assert all(after < instant <= now.astimezone(UTC) for instant in instants)
    assert all(candidate.tzinfo is now.tzinfo for candidate in spoken.candidates)
    assert instants == sorted(set(instants))
    assert (spoken.asks == "") <= (len(instants) == 1)


@given(st.one_of(st.text(max_size=4096), WORDS))
def test_whatever_is_written_as_a_preference_never_raises(text: str) -> None:
    clock_time(text)
