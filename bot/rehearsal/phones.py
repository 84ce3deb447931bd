"""Phones that exist only on a stage: what stands on their screens, and what their owners did."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.errors import SendError
from bot.messages import Choice, Outbound, Press
from bot.services.screen_lines import Spoken
from bot.services.screens import Screen


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that appeared on a phone; `edited`: in place of something older."""

    phone: str
    text: str
    choices: tuple[Choice, ...]
    edited: bool


@dataclass(slots=True)
class Phone:
    """One chat, or one page. `screen`: what is to be seen, by the provider's id of each message."""

    address: str
    channel: str = "telegram"
    screen: dict[str, Outbound] = field(default_factory=dict)
    fails: list[SendError] = field(default_factory=list)  # what the wire does to the next sends
    pressed: dict[str, tuple[str, Press]] = field(default_factory=dict)  # the last press of each label
    gone: dict[str, tuple[str, Press]] = field(default_factory=dict)  # every button that ever stood here
    drawn: set[str] = field(default_factory=set)  # page: keys of the lines that were seen
    asked: list[tuple[str, str]] = field(default_factory=list)  # page: token and text of each question seen

    def find(self, label: str) -> tuple[str, Press]:
        """The newest button with this label. KeyError when none is on the screen."""
        for message_id, shown in reversed(self.screen.items()):
            for choice in shown.choices:
                if choice.label == label and choice.press is not None:
                    return message_id, choice.press
        raise KeyError(f"no button {label!r} on the screen of {self.address}")

    def show(self, message_id: str, outbound: Outbound) -> None:
        self.screen[message_id] = outbound
        for choice in outbound.choices:
            if choice.press is not None:
                self.gone[choice.label] = (message_id, choice.press)

    def draw(self, screen: Screen) -> list[Shown]:
        """Draw the page anew. Returns what is new on it, the open question last."""
        fresh = [one for line in screen.spoken if not line.mine for one in self._line(line)]
        self.screen.clear()
        self.screen["menu"] = Outbound(self.address, "", screen.menu)
        if screen.asked is None:
            return fresh
        progress = f"{screen.asked.progress} " if screen.asked.progress else ""
        self.show("asked", Outbound(self.address, progress + screen.asked.text, screen.asked.choices))
        if self.asked[-1:] != [(screen.asked.token, screen.asked.text)]:
            self.asked.append((screen.asked.token, screen.asked.text))
            fresh.append(Shown(self.address, progress + screen.asked.text, screen.asked.choices, False))
        return fresh

    def _line(self, line: Spoken) -> list[Shown]:
        """A question that stood open is history now: it was seen before, only what was recorded below it is new."""
        if line.key in self.drawn:
            return []
        self.drawn.add(line.key)
        if any(line.text.endswith(text) for _, text in self.asked):
            return []
        return [Shown(self.address, line.text, (), line.record)]
