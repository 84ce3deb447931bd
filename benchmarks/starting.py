"""How long a cold start takes and what an idle process holds, beside a process that only imports the same libraries.

`serve` has what a site needs: a bot that polls, mail, the page and the console."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.ground import fresh_database, postgres
from benchmarks.processes import resident
from bot.rehearsal.bot_api.server import TOKEN
from bot.rehearsal.real.serving import environment, free_port
from bot.rehearsal.real.town import MAIL_FROM

LIBRARIES = (
    "import fastapi, uvicorn, sqlalchemy.ext.asyncio, asyncpg, telegram, apscheduler, pydantic, babel, jinja2"
)
_LATE = "drug,scheduled_utc,asked_utc,next_scheduled_utc\nlenalidomide,2026-11-02T00:00:00Z,2026-11-02T11:00:00Z,\n"
COMMANDS = (
    (("plan", "--study", "nct04217967", "--arm", "combination", "--start", "2026-11-02"), ""),
    (("rules", "late", "-"), _LATE),
    (("rules", "triage", "-"), "phrase\n手脚发麻\n"),
    (("rules", "show"), ""),
    (("--help",), ""),
)
ROUNDS = 5
SERVING, ANSWERING, IDLE = 3.0, 1.0, 160.0  # the limits: seconds, seconds, MiB


def main() -> None:
    floor = _best("-c", LIBRARIES)
    print(f"floor: the libraries imported and nothing else          {floor:5.2f} s")
    for words, table in COMMANDS:
        took = _best("-m", "bot", *words, table=table)
        print(
            f"suiyao {' '.join(words[:2]):22} {took:5.2f} s   {took / floor:4.2f} of the floor,"
            f" {took / ANSWERING:4.2f} of the limit"
        )
    with postgres() as server, _bot_api() as api:
        fresh_database(server, "start")
        environ = environment(
            server.url("start", "suiyao_runtime", "runtime"),
            OWNER_DATABASE_URL=server.url("start"),
            TELEGRAM_TOKEN=TOKEN,
            TELEGRAM_API_BASE=api,
            SMTP_URL="smtp://127.0.0.1:1",
            MAIL_FROM=MAIL_FROM,
            LOG_LEVEL="warning",
        )
        subprocess.run(
            [sys.executable, "-m", "bot", "migrate", "--mark", "rehearsal"],
            env=environ,
            check=True,
            capture_output=True,
        )
        took, memory = min(_served(environ) for _ in range(3))
        print(
            f"from nothing to the first answer of serve               {took:5.2f} s   {took / floor:4.2f} of the floor,"
            f" {took / SERVING:4.2f} of the limit"
        )
        print(
            f"memory of serve, idle for ten seconds                   {memory:5.0f} MiB, {memory / IDLE:4.2f} of the limit"
        )


@contextmanager
def _bot_api() -> Iterator[str]:
    """The address of one, in a process of its own."""
    words = [sys.executable, "-m", "bot.rehearsal.bot_api.server"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _best(*words: str, table: str = "") -> float:
    def once() -> float:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, *words],
            input=table,
            text=True,
            encoding="utf-8",
            check=True,
            capture_output=True,
        )
        return time.perf_counter() - began

    return min(once() for _ in range(ROUNDS))


def _served(environ: dict[str, str]) -> tuple[float, float]:
    port, began = free_port(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"], env={**environ, "SUIYAO_PORT": str(port)}
    )
    try:
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                    assert answer.status == 200
                break
            except (URLError, OSError):
                assert process.poll() is None, "serve ended by itself"
                time.sleep(0.01)
        took = time.perf_counter() - began
        time.sleep(10)
        return took, resident(process.pid)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
