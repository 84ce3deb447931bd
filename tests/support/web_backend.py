"""A backend for the phone page: a scripted conversation in memory. It plays bot.app, at the page's edge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po

from bot.channels.webchat import ChatView, Line, OpenQuestion
from bot.messages import Choice, Inbound, Kind, Press

LOCALES = Path(__file__).parents[2] / "locales"
GOOD_CODE = "bXk5aW52aXRhdGlvbi1jb2Rl"
MORNING = datetime(2026, 11, 4, 8, 2, tzinfo=ZoneInfo("Asia/Shanghai"))
MENU_TOKEN = "m" * 16


def page_texts(language: str) -> dict[str, str]:
    """The page's own catalogue: message id to text."""
    with (LOCALES / language / "LC_MESSAGES" / "page.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}


def choice(label: str, token: str, answer: str) -> Choice:
    return Choice(label, Press(token, answer))


def dose_question(number: int) -> OpenQuestion:
    token = f"dose{number:012d}"
    drug = ("伊沙佐米 4 毫克", "来那度胺 25 毫克")[number - 1]
    return OpenQuestion(
        token=token,
        text=f"今天（11月4日，周三）早上8:00的药：{drug}。\n饭前1小时或饭后2小时，用水整粒吞下。\n您吃了吗？",
        choices=(
            choice("吃了", token, "taken"),
            choice("晚点吃", token, "later"),
            choice("没吃", token, "not_taken"),
        ),
        progress=f"{number}/2",
        takes_words=False,
    )


LAST_FOUR = OpenQuestion("link000000000000", "请输入您手机号的最后四位。", (), "", True)
WHEN = OpenQuestion(
    "when000000000000",
    "您是什么时候吃的？",
    (choice("就是刚才", "when000000000000", "now"), choice("早上8:00", "when000000000000", "as_planned")),
    "",
    True,
)
MENU = (
    choice("今天的药", MENU_TOKEN, "today"),
    choice("我的日历", MENU_TOKEN, "calendar"),
    choice("更正", MENU_TOKEN, "correct"),
    choice("联系护士", MENU_TOKEN, "nurse"),
)


@dataclass
class Device:
    """What one phone sees."""

    view: ChatView
    asked: list[asyncio.Event] = field(default_factory=list)
    dropped: list[asyncio.Event] = field(default_factory=list)


@dataclass
class MemoryBackend:
    """Accepts each external id once, answers by a small script, and keeps everything for the test to read."""

    language: str = "zh_Hans_CN"
    inbounds: list[Inbound] = field(default_factory=list)  # every call, repeats included
    heard: list[Inbound] = field(default_factory=list)  # each once
    devices: dict[str, Device] = field(default_factory=dict)
    views: int = 0
    accept_fails: Exception | None = None
    view_fails: Exception | None = None

    def __post_init__(self) -> None:
        self._texts = {language: page_texts(language) for language in ("zh_Hans_CN", "en")}
        self._seen: set[str] = set()

    async def accept(self, inbound: Inbound) -> None:
        if self.accept_fails is not None:
            raise self.accept_fails
        self.inbounds.append(inbound)
        if inbound.external_id in self._seen:
            return
        self._seen.add(inbound.external_id)
        self.heard.append(inbound)
        if inbound.kind is Kind.START:
            self._open(inbound.address)
        else:
            self._answer(inbound)

    async def knows(self, address: str) -> bool:
        return address in self.devices

    async def follows(self, address: str) -> bool:
        return address in self.devices

    async def view(self, address: str) -> ChatView | None:
        self.views += 1
        if self.view_fails is not None:
            raise self.view_fails
        device = self.devices.get(address)
        return device.view if device else None

    async def changes(self, address: str) -> AsyncIterator[None]:
        event = asyncio.Event()
        self.devices[address].asked.append(event)
        try:
            while True:
                await event.wait()
                event.clear()
                if event in self.devices[address].dropped:
                    return
                yield
        finally:
            self.devices[address].asked.remove(event)

    def text(self, language: str, text_id: str, **values: object) -> str:
        return self._texts[language][text_id].format(**values)

    def say(
        self, address: str, text: str, *, mine: bool = False, question: OpenQuestion | None = None
    ) -> None:
        """Adds a bubble; with `question`, asks it."""
        device = self.devices[address]
        at = MORNING + timedelta(minutes=len(device.view.lines))
        line = Line(f"l{len(device.view.lines)}", mine, text, at, f"今天早上{at.hour}:{at.minute:02d}")
        device.view = replace(
            device.view, lines=(*device.view.lines, line), question=question or device.view.question
        )

    def ask(self, address: str, question: OpenQuestion | None) -> None:
        """Puts a question on the page; None: nothing is asked now."""
        if question is not None:
            self.say(address, question.text, question=question)
        else:
            self.devices[address].view = replace(self.devices[address].view, question=None)

    def ring(self, address: str) -> None:
        """Tells every open page of this phone that there is something new."""
        for event in self.devices[address].asked:
            event.set()

    def drop(self, address: str) -> None:
        """Ends every open page's stream, as a restart of the server does."""
        self.devices[address].dropped += self.devices[address].asked
        self.ring(address)

    def _open(self, address: str) -> None:
        if address in self.devices:
            return
        view = ChatView(self.language, "健康小记录", (), None, "010-8888 6666", False, ())
        self.devices[address] = Device(view)
        self.ask(address, LAST_FOUR)

    def _answer(self, inbound: Inbound) -> None:
        address = inbound.address
        open_question = self.devices[address].view.question
        self.say(address, self._said(inbound), mine=True)
        if inbound.kind is Kind.MEDIA:
            self.say(address, "收到了，护士上班的时候会看。")
        elif open_question == LAST_FOUR:
            self.devices[address].view = replace(self.devices[address].view, linked=True, menu=MENU)
            self.ask(address, dose_question(1))
        elif inbound.press and inbound.press.answer == "today":
            self.say(
                address, "今天（11月4日，周三）的药：\n伊沙佐米 4 毫克 早上8:00\n来那度胺 25 毫克 早上8:00"
            )
        elif inbound.press and open_question and inbound.press.token == open_question.token:
            self.say(address, "记下了：今天早上8:05吃了。")
            self.ask(address, dose_question(2) if open_question == dose_question(1) else None)

    def _said(self, inbound: Inbound) -> str:
        if inbound.press is None:
            return inbound.text or "（照片）"
        view = self.devices[inbound.address].view
        offered = (*(view.question.choices if view.question else ()), *view.menu)
        labels = {choice.press.data: choice.label for choice in offered if choice.press}
        return labels.get(inbound.press.data, inbound.press.answer)
