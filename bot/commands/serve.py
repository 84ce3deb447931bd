"""Run one process of the product: the page, Telegram, the worker. Start as many as you like."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.app import App
    from bot.settings import Settings

GRACEFUL_SECONDS = 5


@click.command()
def serve() -> None:
    """Serve the page and Telegram, remind, and send. Ctrl-C or SIGTERM stops it cleanly."""
    from bot.settings import from_environment

    run(from_environment("serve"))


def run(settings: Settings, ready: Callable[[App], None] | None = None) -> None:
    """Serve until told to stop. The port is taken before anything else, so that nothing is half-started."""
    set_up_logs(settings)
    listening = _listen(settings)
    with contextlib.closing(listening), contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, listening, ready))


async def _serve(settings: Settings, listening: socket.socket, ready: Callable[[App], None] | None) -> None:
    import uvicorn

    from bot.app import App

    async with App.open(settings) as app:
        # Access logs would hold invitation codes: off. A page keeps its event stream open: hence a graceful limit.
        config = uvicorn.Config(
            app.web(),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
            lifespan="off",
        )
        server = uvicorn.Server(config)
        async with app.running():
            if ready is not None:
                ready(app)
            await server.serve(sockets=[listening])


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

    _USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        line, _, trace = super().format(record).partition("\n")
        more = " ".join(f"{key}={value}" for key, value in vars(record).items() if key not in self._USUAL)
        return "\n".join(part for part in (f"{line} {more}".rstrip(), trace) if part)
