"""How long a cold start takes and what an idle process holds, beside a process that only imports the same libraries."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.ground import fresh_database, postgres
from benchmarks.processes import resident
from bot.commands.setup import new_keys

LIBRARIES = (
    "import fastapi, uvicorn, sqlalchemy.ext.asyncio, asyncpg, telegram, apscheduler, pydantic, babel, jinja2"
)
COMMANDS = (
    ("plan", "--study", "nct04217967", "--arm", "combination", "--start", "2026-11-02"),
    ("rules", "late", "--help"),
    ("--help",),
)
ROUNDS = 5
SERVING, ANSWERING, IDLE = 3.0, 1.0, 160.0  # the limits: seconds, seconds, MiB


def main() -> None:
    floor = _best("-c", LIBRARIES)
    print(f"floor: the libraries imported and nothing else          {floor:5.2f} s")
    for words in COMMANDS:
        took = _best("-m", "bot", *words)
        print(
            f"suiyao {' '.join(words[:2]):22} {took:5.2f} s   {took / floor:4.2f} of the floor,"
            f" {took / ANSWERING:4.2f} of the limit"
        )
    with postgres() as server:
        fresh_database(server, "start")
        environ = {
            "PATH": "/usr/bin:/bin",
            "SUIYAO_DATABASE_URL": server.url("start", "suiyao_runtime", "runtime"),
            "SUIYAO_OWNER_DATABASE_URL": server.url("start"),
            "SUIYAO_KEYS": new_keys(),
            "SUIYAO_PUBLIC_URL": "http://127.0.0.1:1",
            "SUIYAO_LOG_LEVEL": "warning",
        }
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


def _best(*words: str) -> float:
    def once() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        return time.perf_counter() - began

    return min(once() for _ in range(ROUNDS))


def _served(environ: dict[str, str]) -> tuple[float, float]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
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
