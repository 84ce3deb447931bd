"""Values in words, the loading of catalogues, and the finding of their faults."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.dialogue.turn import Phrase
from bot.errors import Misconfigured
from bot.wording import FIRST_LANGUAGE, check_catalogues, load_wording, placeholders

LOCALES = Path(__file__).parents[2] / "locales"
WORDING = load_wording(LOCALES)
SHANGHAI = ZoneInfo("Asia/Shanghai")
ZH, EN = "zh_Hans_CN", "en"


@pytest.mark.parametrize(
    ("clock", "zh", "en"),
    [
        ("00:00", "凌晨0:00", "12:00 am"),
        ("00:30", "凌晨0:30", "12:30 am"),
        ("01:05", "凌晨1:05", "1:05 am"),
        ("04:59", "凌晨4:59", "4:59 am"),
        ("05:00", "早上5:00", "5:00 am"),
        ("08:05", "早上8:05", "8:05 am"),
        ("09:00", "上午9:00", "9:00 am"),
        ("11:59", "上午11:59", "11:59 am"),
        ("12:00", "中午12:00", "12:00 pm"),
        ("12:45", "中午12:45", "12:45 pm"),
        ("13:00", "下午1:00", "1:00 pm"),
        ("17:59", "下午5:59", "5:59 pm"),
        ("18:30", "晚上6:30", "6:30 pm"),
        ("21:30", "晚上9:30", "9:30 pm"),
        ("23:59", "晚上11:59", "11:59 pm"),
    ],
)
def test_the_clock_as_people_say_it(clock: str, zh: str, en: str) -> None:
    assert WORDING.say(ZH, time.fromisoformat(clock)) == zh
    assert WORDING.say(EN, time.fromisoformat(clock)) == en


@pytest.mark.parametrize(
    ("moment", "zh", "en"),
    [
        ("2026-11-04 08:05", "今天早上8:05", "today at 8:05 am"),
        ("2026-11-04 00:10", "今天凌晨0:10", "today at 12:10 am"),
        ("2026-11-03 22:30", "昨天（11月3日，周二）晚上10:30", "yesterday (Tue, 3 Nov) at 10:30 pm"),
        ("2026-11-05 08:00", "明天（11月5日，周四）早上8:00", "tomorrow (Thu, 5 Nov) at 8:00 am"),
        ("2026-11-02 08:00", "11月2日（周一）早上8:00", "Mon, 2 Nov at 8:00 am"),
        ("2026-11-06 08:00", "11月6日（周五）早上8:00", "Fri, 6 Nov at 8:00 am"),
    ],
)
def test_moments_near_now_have_a_day_word_and_their_date(moment: str, zh: str, en: str) -> None:
    now = datetime(2026, 11, 4, 12, 0, tzinfo=SHANGHAI)
    value = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    assert WORDING.say(ZH, value, now) == zh
    assert WORDING.say(EN, value, now) == en


def test_a_moment_without_now_has_its_date() -> None:
    value = datetime(2026, 11, 4, 8, 5, tzinfo=SHANGHAI)
    assert WORDING.say(ZH, value) == "11月4日（周三）早上8:05"


def test_a_moment_in_another_zone_is_told_in_the_readers() -> None:
    now = datetime(2026, 11, 4, 12, 0, tzinfo=SHANGHAI)
    assert WORDING.say(ZH, datetime.fromisoformat("2026-11-04T00:05:00+00:00"), now) == "今天早上8:05"


def test_today_is_the_readers_today_across_a_clock_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 10, 25, 1, 0, tzinfo=berlin)
    assert WORDING.say(EN, datetime(2026, 10, 25, 23, 30, tzinfo=berlin), now) == "today at 11:30 pm"


def test_a_moment_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="zone"):
        WORDING.say(ZH, datetime.fromisoformat("2026-11-04T08:05"))


def test_dates_numbers_and_nested_texts() -> None:
    assert WORDING.say(ZH, date(2026, 11, 4)) == "11月4日（周三）"
    assert WORDING.say(EN, date(2026, 11, 4)) == "Wed, 4 Nov"
    drug = Phrase("drug.ixazomib")
    assert WORDING.text(ZH, "dose.mg", drug=drug, mg=2.3) == "伊沙佐米 2.3毫克"
    assert WORDING.text(EN, Phrase("dose.mg", {"drug": drug, "mg": 4})) == "ixazomib 4 mg"
    assert WORDING.text(ZH, Phrase("settled.answer", {"answer": Phrase("choice.taken")})) == "您的回答：吃了"
    assert WORDING.text(ZH, "reply.already_recorded", what=Phrase("recorded.not_taken", {"drug": drug})) == (
        "这个已经回答过了。伊沙佐米：已记录，这次没吃。想改的话，写“更正”。"
    )


@pytest.mark.parametrize("value", [None, True, False])
def test_what_has_no_words_is_a_bug(value: object) -> None:
    with pytest.raises(TypeError):
        WORDING.say(ZH, value)


def test_a_missing_id_or_value_is_a_bug() -> None:
    with pytest.raises(KeyError):
        WORDING.text(ZH, "no.such.text")
    with pytest.raises(KeyError):
        WORDING.text(ZH, "dose.mg", drug="x")


def test_an_unknown_language_reads_chinese() -> None:
    assert WORDING.text("tlh", "choice.taken") == "吃了"
    assert WORDING.hash("tlh") == WORDING.hash(ZH)


def test_braces_in_a_value_stay_as_they_are() -> None:
    assert WORDING.text(ZH, "settled.answer", answer="{drug} {0} %s") == "您的回答：{drug} {0} %s"


def test_an_edition_is_known_by_its_hash(tmp_path: Path) -> None:
    assert WORDING.hash(ZH) != WORDING.hash(EN)
    assert WORDING.language_of(WORDING.hash(EN)) == EN
    assert WORDING.language_of("of an earlier edition") == FIRST_LANGUAGE
    assert load_wording(_folder(tmp_path, zh='msgid "a.b"\nmsgstr "一"\n')).hash(ZH) != WORDING.hash(ZH)


def _folder(
    where: Path, zh: str = 'msgid "a.b"\nmsgstr "{x}"\n', en: str = 'msgid "a.b"\nmsgstr "{x}"\n'
) -> Path:
    for language, text in ((ZH, zh), (EN, en)):
        folder = where / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        (folder / "patient.po").write_text(head + text, encoding="utf-8")
    return where


def test_catalogues_without_fault(tmp_path: Path) -> None:
    assert check_catalogues(_folder(tmp_path), used=["a.b"], sources=['text("a.b")']) == []


@pytest.mark.parametrize(
    ("zh", "en", "told"),
    [
        ('msgid "a.b"\nmsgstr "{x}"\n', 'msgid "a.c"\nmsgstr "{x}"\n', "en: a.b: the text is missing"),
        (
            'msgid "a.b"\nmsgstr "{x}"\n',
            'msgid "a.c"\nmsgstr "{x}"\n',
            "zh_Hans_CN: a.c: the text is missing",
        ),
        (
            'msgid "a.b"\nmsgstr "{x}"\n',
            'msgid "a.b"\nmsgstr "{y}"\n',
            "patient.po: a.b: values ['y'], not ['x']",
        ),
        ('msgid "a.b"\nmsgstr " "\n', 'msgid "a.b"\nmsgstr "z"\n', "patient.po: a.b: the text is empty"),
        ('msgid "a.b"\nmsgstr "{x"\n', 'msgid "a.b"\nmsgstr "z"\n', "patient.po: a.b: expected '}'"),
        (
            'msgid "a.b"\nmsgstr "{now}"\n',
            'msgid "a.b"\nmsgstr "{now}"\n',
            "a.b: a value cannot be called 'now'",
        ),
        ('msgid "A B"\nmsgstr "x"\n', 'msgid "A B"\nmsgstr "x"\n', "patient.po: A B: an id is dotted"),
        (
            'msgid "a.b"\nmsgstr "x"\n\nmsgid "a.b"\nmsgstr "y"\n',
            'msgid "a.b"\nmsgstr "x"\n',
            "a.b: stands twice",
        ),
        (
            'msgid "a.b"\nmsgstr "x"\n',
            'msgid "a.b"\nmsgstr "x"\n',
            "zh_Hans_CN: a.used: used, but there is no",
        ),
        ('msgid "a.b"\nmsgstr "x"\n', 'msgid "a.b"\nmsgstr "x"\n', "patient.po: a.b: nobody uses it"),
        ('msgid "a.b"\nrubbish\n', 'msgid "a.b"\nmsgstr "x"\n', "cannot be read as a catalogue"),
    ],
)
def test_every_fault_of_a_catalogue_is_named(tmp_path: Path, zh: str, en: str, told: str) -> None:
    faults = check_catalogues(_folder(tmp_path, zh, en), used=["a.used"], sources=["nothing"])
    assert any(told in fault for fault in faults), faults


def test_an_id_in_two_files_of_a_language_is_a_fault(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    first = folder / ZH / "LC_MESSAGES"
    (first / "page.po").write_text((first / "patient.po").read_text(encoding="utf-8"), encoding="utf-8")
    assert f"{ZH}: a.b: stands in page.po and patient.po" in check_catalogues(folder)


@pytest.mark.parametrize("sources", ['f"a.{name}"', '"@a.$dose.drug"', "x = 'a.b'"])
def test_an_id_that_is_built_is_used(tmp_path: Path, sources: str) -> None:
    assert check_catalogues(_folder(tmp_path), sources=[sources]) == []


def test_no_texts_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no texts"):
        load_wording(tmp_path)


def test_placeholders() -> None:
    assert placeholders("{a} 和 {b}，{{不是}}") == {"a", "b"}
