"""Run one process of the product: the page, Telegram, the worker. Start as many as you like."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    import uvicorn

    from bot.app.app import App
    from bot.settings import Settings

GRACEFUL_SECONDS = 3
INTERRUPTED = 130  # what shells call the end by a second Ctrl-C
T = TypeVar("T")


@click.command()
def serve() -> None:
    """Serve the page and Telegram, remind, and send. Ctrl-C or SIGTERM stops it cleanly."""
    from bot.settings import from_environment

    run(from_environment("serve"))


def run(settings: Settings, ready: Callable[[App], None] | None = None) -> None:
    """Serve until told to stop. The port is taken before anything else, so that nothing is half-started."""
    set_up_logs(settings)
    listening = _listen(settings)
    with contextlib.closing(listening):
        try:
            asyncio.run(_serve(settings, listening, ready))
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)


async def _serve(settings: Settings, listening: socket.socket, ready: Callable[[App], None] | None) -> None:
    from bot.app.app import App

    with _told_to_stop() as told:
        async with contextlib.AsyncExitStack() as house:
            app = await _unless(told, house.enter_async_context(App.open(settings)))
            if app is None:
                return
            server = _server(app)
            async with app.running():
                gc.freeze()  # what is loaded by now stays: the collector need not go through it at every round
                if ready is not None:
                    ready(app)
                ending = asyncio.create_task(_end(told, app, server), name="serve.end")
                await server.serve(sockets=[listening])
                ending.cancel()


@contextlib.contextmanager
def _told_to_stop() -> Iterator[asyncio.Event]:
    """Set by the first SIGINT or SIGTERM, at whatever moment; a second one ends the process as usual."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def tell() -> None:
        told.set()
        for name in signals:
            loop.remove_signal_handler(name)

    for name in signals:
        loop.add_signal_handler(name, tell)
    try:
        yield told
    finally:
        for name in signals:
            loop.remove_signal_handler(name)


async def _unless(told: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` comes to; None when it was given up because somebody wants us to stop."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(told.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        return working.result()
    working.cancel()
    await asyncio.wait({working})
    return None


async def _end(told: asyncio.Event, app: App, server: uvicorn.Server) -> None:
    """Open pages are let go first: their event streams would otherwise hold the server until its limit."""
    await told.wait()
    await app.news.stop()
    server.should_exit = True


def _server(app: App) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """Leaves signals alone: the library's own handling would end the process by the signal, not with status 0."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    # Access logs would hold invitation codes: off.
    return Server(
        uvicorn.Config(
            app.web(),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
            lifespan="off",
        )
    )


def _listen(settings: Settings) -> socket.socket:
    from bot.errors import Misconfigured

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(1024)
    except OSError as problem:
        listening.close()
        raise Misconfigured(
            f"SUIYAO_HOST, SUIYAO_PORT: {settings.host}:{settings.port}: {problem.strerror}"
        ) from None
    return listening


def set_up_logs(settings: Settings) -> None:
    """A sentence plus action and ids on each line. Libraries that print URLs or bodies are kept quiet."""
    from bot.channels.telegram_logs import quiet_logs

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    quiet_logs([handler])


class _Formatter(logging.Formatter):
    """Appends what `extra` carried: action and ids."""

    _USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

    def format(self, record: logging.LogRecord) -> str:
        line, _, trace = super().format(record).partition("\n")
        more = " ".join(f"{key}={value}" for key, value in vars(record).items() if key not in self._USUAL)
        return "\n".join(part for part in (f"{line} {more}".rstrip(), trace) if part)
