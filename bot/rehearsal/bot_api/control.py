"""Driving the fake from another process: POST /control/<act> with a JSON object, and the client for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from bot.rehearsal.bot_api.server import FakeBotApi

Act = Callable[..., Any]


def control(api: FakeBotApi) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        act = _acts(api).get(request.match_info["act"])
        if act is None:
            return web.json_response({"error": "no such act"}, status=404)
        arguments = await request.json() if request.can_read_body else {}
        try:
            result = act(**arguments)
        except (TypeError, ValueError, KeyError) as error:
            return web.json_response({"error": repr(error)}, status=400)
        return web.json_response({"result": _plain(result)})

    return handle


def _acts(api: FakeBotApi) -> dict[str, Act]:
    return {
        "say": api.say,
        "press": api.press,
        "edit": api.edit,
        "voice": lambda chat: api.voice(chat),
        "block": api.block,
        "unblock": api.unblock,
        "say_in_group": api.say_in_group,
        "inject": lambda update: api.queue.add_raw(update),
        "visible": api.visible,
        "calls": lambda method=None, since=0: [c for c in api.calls[since:] if method in (None, c.method)],
        "advance": api.advance,
        "fail": api.fail,
        "clear": api.faults.clear,
        "repeat": lambda times: setattr(api.queue, "repeats", times),
        "shuffle": lambda on: setattr(api.queue, "shuffled", on),
        "jump": api.queue.jump,
        "lost": lambda: api.queue.lost,
        "waiting": lambda: len(api.queue.pending),
    }


def _plain(result: Any) -> Any:
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return dataclasses.asdict(result)
    return [_plain(item) for item in result] if isinstance(result, list) else result


class RemoteBotApi:
    """The same acts on a fake in another process: `await remote.act("say", chat=1, text="...")`."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.base, self._session = base, session

    async def act(self, name: str, **arguments: Any) -> Any:
        async with self._session.post(f"{self.base}/control/{name}", json=arguments) as answer:
            body = await answer.json()
        if "error" in body:
            raise ValueError(body["error"])
        return body["result"]
