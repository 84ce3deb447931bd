"""Runs every benchmark by itself and keeps what they print in RESULTS.md: `python -m benchmarks [name...]`."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

NAMES = (
    "inbound",
    "reminders",
    "job_queues",
    "alert_lane",
    "takeover",
    "planning",
    "starting",
    "rehearsing",
    "freetext",
)
RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# What was measured

Written by `make bench`; figures of one machine in one run, so the ratios are what can be compared. Nothing else should run
beside it. Each can be run by itself and in other sizes (`python -m benchmarks.alert_lane --reminders 600`; `--help`).

"""


def main() -> None:
    told = [
        f"{_day()}, {os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL 18 embedded and durable.\n"
    ]
    for name in sys.argv[1:] or NAMES:
        about = (import_module(f"benchmarks.{name}").__doc__ or "").strip()
        print(f"== {name}", flush=True)
        printed = _printed(name)
        print(printed, flush=True)
        told.append(f"## {name}\n\n{about}\n\n```\n{printed.rstrip()}\n```\n")
    if not sys.argv[1:]:
        RESULTS.write_text(HEAD + "\n".join(told), encoding="utf-8")


def _printed(name: str) -> str:
    """What this benchmark prints. It is told to stop when we are."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        signal.signal(signal.SIGTERM, lambda *_: running.terminate())
        printed, _ = running.communicate()
    if running.returncode:
        sys.exit(f"{name} ended with {running.returncode}")
    return printed


def _day() -> str:
    return datetime.now(UTC).date().isoformat()  # noqa: TID251 - the day of the measurement


if __name__ == "__main__":
    main()
