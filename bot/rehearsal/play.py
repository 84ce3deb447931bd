"""Plays a transcript's steps on a stage, one by one, and writes down what follows from each."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from bot.errors import Refused, Rejected, SendError, TooFast, Unclear, Unreachable
from bot.messages import Kind, Media
from bot.rehearsal import orders
from bot.rehearsal.noticed import Noticed
from bot.rehearsal.phones import Phone
from bot.rehearsal.scene import PHONE, Scene, set_phones, set_telegram_mode
from bot.rehearsal.stage import Stage
from bot.rehearsal.transcript import CLOCK, Step, message, moment

LINKING = (PHONE[-4:], "1", "1", "1", "1", "1")  # myself, agree, agree abroad, keep, keep
PAGE_LINKING = (PHONE[-4:], "1", "1", "1", "1")
NETWORK: dict[str, Callable[[], SendError]] = {
    "blocked": lambda: Unreachable("403"),
    "refused": lambda: Rejected("400"),
    "unclear": lambda: Unclear("read_timeout"),
    "too fast": lambda: TooFast(30),
}


class Player:
    """The phones, the nurse and the onlooker. Everything else is thrown away whenever `stage.ctx` is exchanged."""

    def __init__(self, stage: Stage, scene: Scene, code: str) -> None:
        self.stage = stage
        self.scene = scene
        self.codes = [code]
        self._noticed = Noticed(scene.zone, alert_steps=bool(scene.staff))
        set_phones(stage, scene)

    async def link(self) -> None:
        """Bring the first phone past the welcome, unseen: most transcripts begin there."""
        phone = self.stage.phones["1"]
        await self.stage.hear(phone, Kind.START, text=self.codes[-1])
        for words in LINKING if phone.channel == "telegram" else PAGE_LINKING:
            await self.stage.say(phone, words)
        if phone.channel == "web":
            await self.stage.look(phone)
        await self._follows()

    async def play(self, step: Step) -> list[str]:
        """The lines that follow. Raises KeyError for a button that is not there, ValueError for a step nobody knows."""
        if step.sign in ("@", "@!"):
            return await self._clock(step)
        try:
            told = await SIGNS[step.sign](self, step)
        except Refused as refusal:
            words = self.stage.ctx.wording.text("en", refusal.message_id, **refusal.values)
            told = [f"= refused: {words}"]
        return told + await self._follows()

    async def _clock(self, step: Step) -> list[str]:
        until = moment(step.words).replace(tzinfo=ZoneInfo(self.scene.zone))
        if step.sign == "@!":
            await self.stage.jump_to(until)
            return await self._follows()
        lines: list[str] = []
        async for at in self.stage.moving_to(until):
            found = await self._follows()
            if found and at < until:
                lines.append(f".. {at.astimezone(ZoneInfo(self.scene.zone)).strftime(CLOCK)}")
            elif found and lines:
                lines.append(f".. {step.words}")
            lines += found
        return lines

    async def _follows(self) -> list[str]:
        shown, self.stage.shown = self.stage.shown, []
        return [message(one) for one in shown] + await self._noticed.news(self.stage.ctx)

    async def does(self, step: Step) -> list[str]:
        phone = self.stage.phones[step.phone]
        if pressed := re.fullmatch(r"\[(.+)\](?: (twice|again|late))?", step.words):
            await self._press(phone, pressed[1], pressed[2])
        elif acted := re.fullmatch(r"\(([^()]+)\)(?: ?(.*))?", step.words, re.DOTALL):
            await self._act(phone, acted[1], acted[2] or "")
        else:
            await self.stage.say(phone, step.words)
        if phone.channel == "web":
            await self.stage.look(phone)
        return []

    async def _press(self, phone: Phone, label: str, how: str | None) -> None:
        if how in ("again", "late"):
            await self.stage.press_gone(phone, label, pressed=how == "again")
        else:
            await self.stage.press(phone, label, 2 if how == "twice" else 1)

    async def _act(self, phone: Phone, act: str, words: str) -> None:
        if act == "looks":
            return
        if act in MEDIA:
            media = Media(act, b"0" * 16 if phone.channel == "web" else None)
            await self.stage.hear(phone, Kind.MEDIA, text=words, media=media)
            return
        kind, given = ACTS[act]
        await self.stage.hear(phone, kind, text=given(self) if given else words)

    async def orders(self, step: Step) -> list[str]:
        async with self.stage.ctx.begin() as tx:
            told = await orders.carry_out(tx, step.words, self.scene.zone, self.codes)
        await self.stage.settle()
        return told

    async def network(self, step: Step) -> list[str]:
        if step.words == "gap":
            await self.stage.gap()
        elif step.words.startswith("telegram "):
            await set_telegram_mode(self.stage.ctx, step.words.removeprefix("telegram "))
        else:
            self.stage.phones[step.phone].fails.append(NETWORK[step.words]())
        return []


MEDIA = ("voice", "picture", "sticker", "video", "file")
ACTS: dict[str, tuple[Kind, Callable[[Player], str] | None]] = {
    "opens the invitation": (Kind.START, lambda player: player.codes[-1]),
    "opens the first invitation": (Kind.START, lambda player: player.codes[0]),
    "opens an invented invitation": (Kind.START, lambda player: secrets.token_urlsafe(16)),
    "opens the staff link": (Kind.START, lambda player: player.codes[-1]),
    "starts": (Kind.START, lambda player: ""),
    "edits": (Kind.EDITED, None),
    "in a group": (Kind.GROUP, None),
    "blocks": (Kind.BLOCKED, None),
    "unblocks": (Kind.UNBLOCKED, None),
}
SIGNS: dict[str, Callable[[Player, Step], Awaitable[list[str]]]] = {
    ">": Player.does,
    "$": Player.orders,
    "%": Player.network,
}
