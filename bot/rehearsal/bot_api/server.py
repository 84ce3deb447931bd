"""A Bot API server on loopback, for rehearsals and tests: strict as the real one, with patients to play, faults to order.

In a test's event loop: `async with FakeBotApi() as api`; `api.base` is for SUIYAO_TELEGRAM_API_BASE.
As a process of its own: `python -m bot.rehearsal.bot_api.server --port N`, driven by POST /control/<act>.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from bot.rehearsal.bot_api import params as bot_api_params
from bot.rehearsal.bot_api.control import control
from bot.rehearsal.bot_api.faults import Fault, FaultKind, Faults, Pace, refusal
from bot.rehearsal.bot_api.methods import Methods
from bot.rehearsal.bot_api.params import METHODS, ApiError, Params, bad
from bot.rehearsal.bot_api.webhook import Webhook
from bot.rehearsal.bot_api.world import World, telegram_clock

TOKEN = "700123456:AAFakeTokenForTestsOnly_0123456789abc"
_NAMES = {name.lower(): name for name in METHODS}  # the real server does not mind the case
_PACED = {"sendMessage", "editMessageText", "editMessageReplyMarkup"}


@dataclass(slots=True)
class Call:
    """One request. `status` is 0 while it runs or when it was cut off; `done`: it had its effect."""

    at: float
    method: str
    params: Params
    chat: int | None
    status: int = 0
    description: str = ""
    fault: str = ""
    done: bool = False


class FakeBotApi:
    """One bot. `limits`: enforce 30 messages a second, and one a second in a chat after a burst of three."""

    def __init__(
        self,
        token: str = TOKEN,
        *,
        clock: Callable[[], float] = telegram_clock,
        limits: bool = False,
        seed: int = 0,
    ) -> None:
        self.token, self.base = token, ""
        self.world = World(token, seed, clock)
        self.queue = self.world.queue
        self.webhook = Webhook(self.queue)
        self.methods = Methods(self.world, self.webhook)
        self.faults, self.pace, self.limits = Faults(), Pace(), limits
        self.pace_clock: Callable[[], float] = time.monotonic
        self.calls: list[Call] = []
        self._runner: web.AppRunner | None = None
        world = self.world
        self.say, self.press, self.edit, self.media, self.voice = (
            world.say,
            world.press,
            world.edit,
            world.media,
            world.voice,
        )
        self.block, self.unblock, self.say_in_group = world.block, world.unblock, world.say_in_group
        self.visible, self.advance, self.fail = world.visible, world.advance, self.faults.fail

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> str:
        """The base URL: scheme, host and port."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        app.router.add_post("/control/{act}", control(self))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base = f"http://127.0.0.1:{port}"
        return self.base

    async def stop(self) -> None:
        await self.webhook.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def called(self, method: str, chat: int | None = None) -> list[Call]:
        return [c for c in self.calls if c.method == method and chat in (None, c.chat)]

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until `condition` holds; TimeoutError otherwise."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - the condition is any question about the fake
                await asyncio.sleep(0.005)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authorise(request.match_info["token"])
            method = _NAMES.get(request.match_info["method"].lower(), "")
            if not method:
                raise ApiError(404, "Not Found: method not found")
            given = await bot_api_params.read(request)
        except ApiError as error:
            return _refused(error)
        except ConnectionError:  # whoever asked was killed half-way; nobody reads this
            return _refused(bad("the request was cut off"))
        except ValueError:
            return _refused(bad("can't parse request parameters JSON object"))
        chat = str(given.get("chat_id", ""))
        call = Call(self.world.now(), method, given, int(chat) if chat.lstrip("-").isdecimal() else None)
        self.calls.append(call)
        return await self._answer(request, call)

    async def _answer(self, request: web.Request, call: Call) -> web.StreamResponse:
        fault = self.faults.take(call.method, call.chat)
        call.fault = fault.kind if fault else ""
        try:
            if fault is not None and (early := await _before(fault, request)) is not None:
                call.status = early.status
                return early
            given = bot_api_params.checked(call.method, call.params)
            if self.limits and call.method in _PACED and call.chat is not None:
                self.pace.check(call.chat, self.pace_clock())
            result = await self.methods.by_name[call.method](given)
        except ApiError as error:
            call.status, call.description = error.status, error.description
            return _refused(error)
        call.done = True
        if fault is not None and (odd := await _after(fault, request)) is not None:
            return odd
        call.status = 200
        return _json(200, {"ok": True, "result": result})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        content = self.world.files.get(request.match_info["path"].removeprefix("kept/"))
        if request.match_info["token"] != self.token or content is None:
            return _refused(ApiError(404, "Not Found"))
        return web.Response(body=content, content_type="application/octet-stream")

    def _authorise(self, token: str) -> None:
        if token != self.token:
            number, _, rest = token.partition(":")
            malformed = not number.isdecimal() or not rest
            raise ApiError(404, "Not Found") if malformed else ApiError(401, "Unauthorized")


async def _before(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """Faults that leave nothing done."""
    if error := refusal(fault):
        raise error
    if fault.kind is FaultKind.SERVER_ERROR:
        return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
    if fault.kind is FaultKind.RESET_BEFORE:
        return _cut(request)
    if fault.kind is FaultKind.STALL:
        await asyncio.sleep(fault.seconds)
    return None


async def _after(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """Faults that hide what was done."""
    if fault.kind is FaultKind.RESET_AFTER:
        return _cut(request)
    if fault.kind is FaultKind.BAD_JSON:
        return web.Response(text='{"ok": true, "resu', content_type="application/json")
    if fault.kind is FaultKind.LATE:
        await asyncio.sleep(fault.seconds)
    return None


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _refused(error: ApiError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return _json(error.status, body)


def _json(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


async def _serve(port: int, token: str, limits: bool) -> None:
    api = FakeBotApi(token, limits=limits)
    print(await api.start(port), flush=True)  # the parent process waits for this line
    await asyncio.Event().wait()


def _main() -> None:
    parser = argparse.ArgumentParser(description="A Bot API server for rehearsals and tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--limits", action="store_true")
    asked = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(asked.port, asked.token, asked.limits))


if __name__ == "__main__":
    _main()
