"""`suiyao serve` as real processes on loopback: started, waited for, killed, stopped; and what they wrote to their logs."""

from __future__ import annotations

import asyncio
import base64
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[3]
KEYS = {"master-1": b"m" * 32, "lookup": b"l" * 32, "seal": b"s" * 32}  # of databases that are thrown away
CLOCK_SET = "machine clock set"  # a line in the log begins with it
STEPPING = "bot.rehearsal.real.stepping"
START_SECONDS = 120.0  # a busy machine
STOP_SECONDS = 30.0


def keys() -> str:
    """SUIYAO_KEYS as every process of a rehearsal gets it."""
    return ",".join(f"{name}={base64.b64encode(key).decode()}" for name, key in KEYS.items())


def environment(database_url: str, **more: str) -> dict[str, str]:
    """What a process is started with: nothing of ours but these settings."""
    settings = {"DATABASE_URL": database_url, "KEYS": keys(), "PUBLIC_URL": "http://127.0.0.1:8080", **more}
    named = {f"SUIYAO_{name}": value for name, value in settings.items()}
    return {"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", **named}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class EndedAtStart(Exception):
    """It gave up before it served; what it wrote says why."""


class Serving:
    """One `python -m bot serve`, started anew as often as it is killed. All its lives write one log."""

    def __init__(self, environ: Mapping[str, str], log: Path, clock: int | None = None) -> None:
        """`clock`: where given, the seed by which its machine's clock is set to and fro."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environ = {**environ, "SUIYAO_PORT": str(self.port)}
        self._log = log
        self._clock, self._lives = clock, 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self._lives += 1
        program = ["bot"] if self._clock is None else [STEPPING, str(self._clock + self._lives)]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *program, "serve", env=self._environ, cwd=ROOT, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        """Wait until it answers that its database answers. Raises EndedAtStart at once when it has ended."""
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as client:
            while True:
                if not self.running:
                    raise EndedAtStart(self.log)
                try:
                    if (await client.get(f"{self.url}/healthz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is written."""
        await self._end(signal.SIGKILL)

    async def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """As an operator stops it. Returns its exit status."""
        return await self._end(by)

    async def command(self, *words: str) -> int:
        """Another command of the product with the same settings, to its end. Returns its exit status."""
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", *words, env=self._environ, cwd=ROOT, stdout=log, stderr=log
            )
        async with asyncio.timeout(START_SECONDS):
            return await process.wait()

    async def ended(self) -> int:
        """Its exit status, when it ends by itself."""
        assert self._process is not None
        async with asyncio.timeout(START_SECONDS):
            return await self._process.wait()

    async def _end(self, by: signal.Signals) -> int:
        assert self._process is not None
        if self.running:
            self._process.send_signal(by)
        async with asyncio.timeout(STOP_SECONDS):
            return await self._process.wait()


@asynccontextmanager
async def served(environ: Mapping[str, str], log: Path) -> AsyncIterator[Serving]:
    """One process that answers; it is gone at the end, whatever happened."""
    serving = Serving(environ, log)
    await serving.start()
    try:
        await serving.ready()
        yield serving
    finally:
        await serving.kill()


@asynccontextmanager
async def running(servings: Sequence[Serving]) -> AsyncIterator[None]:
    try:
        await asyncio.gather(*(serving.start() for serving in servings))
        await asyncio.gather(*(serving.ready() for serving in servings))
        yield
    finally:
        for serving in servings:
            await serving.kill()
