"""Small parts of the phone page by themselves: order of the conversation, live stream, file kinds, texts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import bot.channels.web
from bot.channels.web import events
from bot.channels.web.media_kind import media_kind
from bot.channels.web.render import asked_of, look_of, split_lines, state_of, whole_numbers
from bot.channels.webchat import ChatView, Line, OpenQuestion
from bot.messages import Choice, Press
from tests.support.web_backend import page_texts

MEDIA_KINDS = ("voice", "picture", "sticker", "video", "file", "other")
START = datetime(2026, 11, 3, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
QUESTION = OpenQuestion("q" * 16, "吃了吗？", (), "", takes_words=False)


def lines_of(*said: str) -> tuple[Line, ...]:
    """ "1我 吃了": day 1, said by the person; "2 吃了吗？": day 2, said by us."""
    made = []
    for number, one in enumerate(said):
        who, text = one.split(" ", 1)
        at = START + timedelta(days=int(who[0]) - 1, minutes=number)
        made.append(Line(f"l{number}", who.endswith("我"), text, at, ""))
    return tuple(made)


@pytest.mark.parametrize(
    ("said", "question", "latest", "earlier"),
    [
        ((), None, [], []),
        (("1 您好",), None, ["您好"], []),
        (("1 您好", "1我 好", "1 记下了"), None, ["好", "记下了"], [["您好"]]),
        # The open question stands in its own card, not among the bubbles.
        (("1我 好", "1 记下了", "1 吃了吗？"), QUESTION, ["好", "记下了"], []),
        # Asked yesterday too: only the newest is the open one.
        (("1 吃了吗？", "1我 吃了", "2 吃了吗？"), QUESTION, ["吃了"], [["吃了吗？"]]),
        # Newest day first, each day in order.
        (("1 a", "1我 b", "2 c", "2我 d", "3我 e", "3 f"), None, ["e", "f"], [["c", "d"], ["a", "b"]]),
        # Many messages without an answer: the newest four stay open.
        (("1我 a", "1 b", "1 c", "1 d", "1 e", "1 f"), None, ["c", "d", "e", "f"], [["a", "b"]]),
    ],
)
def test_the_newest_exchange_stands_open_and_the_rest_is_folded(
    said: tuple[str, ...], question: OpenQuestion | None, latest: list[str], earlier: list[list[str]]
) -> None:
    now, days = split_lines(lines_of(*said), question)
    assert [line.text for line in now] == latest
    assert [[line.text for line in day] for day in days] == earlier


@pytest.mark.parametrize(
    ("answer", "look"),
    [
        ("taken", ""),
        ("on-nausea", ""),
        ("none", ""),  # in colour it would lead the answer
        ("off-nausea", "ticked"),
        ("done", "onward"),
        ("back", "back"),
        ("skip", "back"),
    ],
)
def test_only_what_is_ticked_and_the_way_on_look_different(answer: str, look: str) -> None:
    assert look_of(Choice("x", Press("q" * 16, answer))) == look
    assert look_of(Choice("x", url="https://example.org/done")) == ""


def test_a_long_letter_is_glanced_at_above_the_question_and_whole_below() -> None:
    letter = "我" * 500
    now, days = split_lines(lines_of("1 您好", f"1我 {letter}", "1 收到了"), None)
    assert [line.text for line in now] == ["我" * 40 + "…", "收到了"]
    assert [[line.text for line in day] for day in days] == [["您好", letter]]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("吃了吗？", ("", "吃了吗？", "")),
        ("早上的药\n空腹吃\n吃了吗？\n", ("早上的药\n空腹吃", "吃了吗？", "")),
        ("是现在就有吗？\n很难受请打120。", ("", "是现在就有吗？", "很难受请打120。")),
        ("请写下想说的话。\n急的话请打电话。", ("请写下想说的话。\n急的话请打电话。", "", "")),
        ("请写最后4位。", ("", "请写最后4位。", "")),
        ("", ("", "", "")),
    ],
)
def test_the_question_proper_stands_out(text: str, parts: tuple[str, str, str]) -> None:
    assert asked_of(OpenQuestion("q" * 16, text, (), "", takes_words=False)) == parts


def test_a_question_that_came_later_stands_alone_and_one_that_answers_does_not() -> None:
    lines = lines_of("1我 好", "1 记下了")
    for minutes, latest in ((1, ["好", "记下了"]), (2, [])):
        question = OpenQuestion("q" * 16, "吃了吗？", (), "", False, START + timedelta(minutes=minutes))
        now, days = split_lines(lines, question)
        assert [line.text for line in now] == latest
        assert sum(map(len, days)) + len(now) == 2


def test_phone_numbers_stay_whole_and_nothing_else_becomes_markup() -> None:
    said = str(whole_numbers("打010-8888 6666或120 <b>'3'</b>"))
    assert said == '打<span class="number">010-8888 6666</span>或120 &lt;b&gt;&#39;3&#39;&lt;/b&gt;'


def test_the_state_changes_with_what_is_shown_and_with_nothing_else() -> None:
    view = ChatView("zh_Hans_CN", "健康小记录", lines_of("1 您好"), QUESTION, "", linked=True, menu=())
    again = ChatView("zh_Hans_CN", "健康小记录", lines_of("1 您好"), QUESTION, "", linked=True, menu=())
    more = ChatView(
        "zh_Hans_CN", "健康小记录", lines_of("1 您好", "1 在吗"), QUESTION, "", linked=True, menu=()
    )
    odd = ChatView("zh_Hans_CN", "健康小记录", lines_of("1 \ud800"), None, "", linked=True, menu=())
    assert state_of(view) == state_of(again)
    assert len({state_of(view), state_of(more), state_of(odd)}) == 3


@pytest.mark.parametrize(
    ("content", "declared", "kind"),
    [
        (b"\xff\xd8\xff\xe1Exif", "image/jpeg", ("picture", "image/jpeg")),
        (b"\x89PNG\r\n\x1a\n", "application/octet-stream", ("picture", "image/png")),
        (b"RIFF\x00\x00\x00\x00WEBP", "", ("picture", "image/webp")),
        (b"\x00\x00\x00\x18ftypheic", "image/heic", ("picture", "image/heic")),
        (b"#!AMR\n", "", ("voice", "audio/amr")),
        (b"\x02#!SILK_V3", "", ("voice", "audio/silk")),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav", ("voice", "audio/wav")),
        (b"\x00\x00\x00\x1cftypM4A ", "audio/x-m4a", ("voice", "audio/mp4")),
        (b"\x00\x00\x00\x18ftyp3gp4", "audio/3gpp", ("voice", "audio/mp4")),
        (b"\x1a\x45\xdf\xa3", "audio/webm", ("voice", "audio/webm")),
        (b"\x1a\x45\xdf\xa3", "video/webm", None),
        (b"\x00\x00\x00\x18ftypisom", "video/mp4", None),
        (b"<svg xmlns=", "image/svg+xml", None),
        (b"PK\x03\x04", "image/png", None),
        (b"", "image/png", None),
    ],
)
def test_pictures_and_voices_are_known_by_their_first_bytes(
    content: bytes, declared: str, kind: tuple[str, str] | None
) -> None:
    assert media_kind(content, declared) == kind


class Source:
    """Changes by hand; remembers whether it was closed."""

    def __init__(self) -> None:
        self.bell = asyncio.Queue[bool]()
        self.closed = False

    async def changes(self) -> AsyncIterator[None]:
        try:
            while await self.bell.get():
                yield
        finally:
            self.closed = True


async def test_the_stream_says_new_and_keeps_the_line_open() -> None:
    source = Source()
    stream = events.stream(source.changes(), keep_alive_seconds=0.02)
    assert await anext(stream) == b"retry: 3000\n\n"
    assert await anext(stream) == b": still here\n\n"
    source.bell.put_nowait(True)
    source.bell.put_nowait(True)
    heard = [await anext(stream) for _ in range(3)]
    assert heard == [b"data: new\n\n", b": still here\n\n", b": still here\n\n"]
    await stream.aclose()
    await asyncio.sleep(0)
    assert source.closed


async def test_the_stream_ends_with_its_source() -> None:
    source = Source()
    stream = events.stream(source.changes())
    source.bell.put_nowait(False)
    assert [part async for part in stream] == [b"retry: 3000\n\n"]


async def test_a_source_that_fails_ends_the_stream_aloud() -> None:
    async def broken() -> AsyncIterator[None]:
        yield
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        async for _ in events.stream(broken()):
            pass


def test_every_text_of_the_page_exists_in_both_languages_and_is_used() -> None:
    folder = Path(bot.channels.web.__file__).parent
    sources = [*folder.rglob("*.html"), *folder.rglob("*.py"), folder.parent / "webchat.py"]
    # Text ids, not the page's own files (page.css); "page.size." stands for one id per size.
    named = {
        found
        for source in sources
        for found in re.findall(r'"(page\.[a-z_.]+)"', source.read_text(encoding="utf-8"))
        if not found.endswith((".css", ".js", ".svg"))
    }
    used = (named - {"page.size."}) | {f"page.size.{size}" for size in (100, 125, 150, 200)}
    used |= {f"page.media.{kind}" for kind in MEDIA_KINDS}  # said by the service that reads the conversation
    assert used == set(page_texts("zh_Hans_CN")) == set(page_texts("en"))


def test_texts_have_the_same_placeholders_and_speak_politely() -> None:
    chinese, english = page_texts("zh_Hans_CN"), page_texts("en")
    for text_id, text in chinese.items():
        assert text.strip(), text_id
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", english[text_id])), text_id
        assert not re.search("你|请勿|必须|违反|！|!|放心|没事", text), text_id
        assert not re.search("骨髓瘤|肿瘤|癌|化疗|来那度胺|伊沙佐米", text), text_id
