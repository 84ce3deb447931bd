"""From what is to be shown to HTML. Everything is escaped by the template engine; no text is written here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.channels.web import device
from bot.channels.web.static_files import StaticFile
from bot.channels.web.view import ChatView, Line, OpenQuestion
from bot.messages import Choice

# The newest exchange stands open above the question; more of it would push the question off the screen.
_LATEST_LINES = 4
# A long letter would do so too: its beginning shows that it arrived, all of it stands among the earlier.
_GLANCE_CHARACTERS = 40
AWAY = ("back", "skip")  # answers that step aside
TICKED, TICKING_OVER = "off-", "done"  # takes a mark away again; ends a list in which something is marked
_SAFE_URL = re.compile(r"(https?://|tel:|/(?!/))")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{5,18}[0-9]")
_COUNTED = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence about what was just sent, and the person's words, to be shown again."""

    text_id: str
    values: dict[str, object]
    kept: str = ""
    once: str = ""  # the id to send them again under


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page needs besides its own matter. `back` is where the size buttons return to."""

    language: str
    size: str
    back: str


class Renderer:
    """The three pages. Templates and static names are read once."""

    def __init__(self, static: dict[str, StaticFile], text: Callable[..., str]) -> None:
        self._text = text
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["whole_numbers"] = whole_numbers
        self._static = {name: f"/static/page/{file.name}" for name, file in static.items()}

    def invitation(self, frame: Frame, code: str, languages: Mapping[str, str]) -> str:
        return self._page("invite.html", frame, code=code, once=device.new_once(), languages=languages)

    def outside(self, frame: Frame, notice: Notice | None) -> str:
        """For a device that nobody let in."""
        return self._page("outside.html", frame, notice=self._said(frame, notice))

    def trouble(self, frame: Frame, notice: Notice, token: str | None) -> str:
        """When even the conversation cannot be read: the words are kept, and can be sent again."""
        check = device.check_for(token) if token else ""
        said = self._said(frame, notice)
        return self._page(
            "trouble.html", frame, notice=said, check=check, once=notice.once or device.new_once()
        )

    def chat(self, frame: Frame, view: ChatView, token: str, later: str, notice: Notice | None) -> str:
        latest, earlier = split_lines(view.lines, view.question)
        question = view.question
        put_off = question is not None and later == question.token
        return self._page(
            "chat.html",
            frame,
            view=view,
            asked=asked_of(question),
            latest=latest,
            urgent=any(line.urgent for line in latest),
            earlier=earlier,
            put_off=put_off,
            # Words that could not be sent stand right below the sentence that says so.
            rewrite=notice is not None and bool(notice.kept) and not (question and question.takes_words),
            letter_first=is_letter_first(question),
            look_of=look_of,
            may_wait=may_wait(view),
            progress=self._progress(frame, question),
            source=f"/chat?later={later}" if put_off else "/chat",
            state=state_of(view),
            check=device.check_for(token),
            once=device.new_once(),
            notice=self._said(frame, notice),
            phone_digits=re.sub(r"[^0-9+]", "", view.site_phone),
            safe_url=safe_url,
        )

    def _page(self, template: str, frame: Frame, **values: object) -> str:
        def text(text_id: str, **named: object) -> str:
            return self._text(frame.language, text_id, **named)

        return self._templates.get_template(template).render(
            t=text,
            frame=frame,
            static=self._static,
            sizes=device.SIZES,
            lang=frame.language.replace("_", "-"),
            **values,
        )

    def _said(self, frame: Frame, notice: Notice | None) -> dict[str, str] | None:
        if notice is None:
            return None
        return {"text": self._text(frame.language, notice.text_id, **notice.values), "kept": notice.kept}

    def _progress(self, frame: Frame, question: OpenQuestion | None) -> str:
        counted = _COUNTED.fullmatch(question.progress) if question else None
        if question is None or counted is None:
            return question.progress if question else ""
        return self._text(frame.language, "page.progress", number=counted[1], total=counted[2])


def split_lines(
    lines: tuple[Line, ...], question: OpenQuestion | None
) -> tuple[tuple[Line, ...], tuple[tuple[Line, ...], ...]]:
    """The newest exchange in order; then the earlier conversation, newest day first, each day in order.

    The newest exchange begins with the person's own last words, or with what his last tap put on record. The open
    question has its own place; one that came since then stands alone.
    """
    shown = _without_question(lines, question)
    if question is not None and question.at is not None and all(line.at < question.at for line in shown):
        return (), _by_day(shown)
    own = [place for place, line in enumerate(shown) if line.mine or line.record]
    start = max(own[-1] if own else 0, len(shown) - _LATEST_LINES)
    long = tuple(line for line in shown[start:] if _is_letter(line))
    return tuple(map(_glance, shown[start:])), _by_day(shown[:start] + long)


def _by_day(lines: tuple[Line, ...]) -> tuple[tuple[Line, ...], ...]:
    days = [tuple(day) for _, day in groupby(lines, key=lambda line: line.at.date())]
    return tuple(reversed(days))


def _is_letter(line: Line) -> bool:
    return line.mine and len(line.text) > _GLANCE_CHARACTERS


def _glance(line: Line) -> Line:
    return replace(line, text=line.text[:_GLANCE_CHARACTERS].rstrip() + "…") if _is_letter(line) else line


def _without_question(lines: tuple[Line, ...], question: OpenQuestion | None) -> tuple[Line, ...]:
    if question is None:
        return lines
    for place in range(len(lines) - 1, -1, -1):
        if not lines[place].mine and lines[place].text == question.text:
            return lines[:place] + lines[place + 1 :]
    return lines


def asked_of(question: OpenQuestion | None) -> tuple[str, str, str]:
    """What leads up to the question, the question proper (shown larger), and what follows it."""
    lines = (question.text if question else "").rstrip().split("\n")
    asking = [place for place, line in enumerate(lines) if line.endswith(("？", "?"))]
    if not asking and len(lines) > 1:
        return "\n".join(lines), "", ""  # a request of several lines: all of it weighs the same
    place = asking[-1] if asking else 0
    return "\n".join(lines[:place]), lines[place], "\n".join(lines[place + 1 :])


def whole_numbers(text: str) -> Markup:
    """Escaped, with phone numbers kept in one piece: half a number at the end of a line is dialled wrongly."""
    return Markup(_PHONE.sub(r'<span class="number">\g<0></span>', str(escape(text))))  # noqa: S704  # escaped just here


def is_letter_first(question: OpenQuestion | None) -> bool:
    """Whether words are what is asked for: its buttons, if any, only lead away from writing."""
    if question is None or not question.takes_words:
        return False
    return all(choice.press is not None and choice.press.answer in AWAY for choice in question.choices)


def look_of(choice: Choice) -> str:
    """How a button differs from the others: what is marked must be seen, and how to go on after that."""
    answer = choice.press.answer if choice.press else ""
    if answer.startswith(TICKED):
        return "ticked"
    return "back" if answer in AWAY else "onward" if answer == TICKING_OVER else ""


def may_wait(view: ChatView) -> bool:
    """Whether the page offers its own 稍后再说: not while linking, nor beside an answer of that meaning."""
    if not view.linked or view.question is None:
        return False
    return all(choice.press is None or choice.press.answer != "later" for choice in view.question.choices)


def state_of(view: ChatView) -> str:
    """Changes when anything that is shown changes; one-time ids and cookies are not part of it."""
    parts = (view.title, view.lines, view.question, view.site_phone, view.linked, view.menu)
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def safe_url(choice: Choice) -> str:
    """The choice's address, unless it is of a kind that could run as a script."""
    return choice.url if _SAFE_URL.match(choice.url) else ""
