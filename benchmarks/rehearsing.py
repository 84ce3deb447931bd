"""How fast a study is rehearsed: participant-days a second, with every fault and with none, by one process and by two.

The floor is real life: a participant-day a day for each participant. A rehearsal of more than thirty people is several towns
side by side, so two processes help only then.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

A_DAY = 86_400.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=32)
    parser.add_argument("--days", type=int, default=14)
    asked = parser.parse_args()
    played = {
        (faults, workers): _played(asked.participants, asked.days, faults, workers)
        for faults, workers in (("none", 1), ("all", 1), ("all", 2))
    }
    for (faults, workers), seconds in played.items():
        pace = asked.participants * asked.days / seconds
        print(
            f"{asked.participants} people for {asked.days} days, faults {faults:4}, {workers} processes: {seconds:5.0f} s,"
            f" {pace:5.1f} participant-days a second, {asked.days * A_DAY / seconds:,.0f} times as fast as life"
        )
    one, two = played["all", 1], played["all", 2]
    print(f"every fault / none {one / played['none', 1]:.2f}; one process / two {one / two:.2f}")


def _played(participants: int, days: int, faults: str, workers: int) -> float:
    """Seconds, as its report has them; a broken promise ends the benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        words = ("--participants", participants, "--days", days, "--faults", faults, "--workers", workers)
        command = [sys.executable, "-m", "bot", "rehearse", *map(str, words), "--json", str(report)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, f"a promise was broken:\n{done.stdout}"
        return float(json.loads(report.read_text(encoding="utf-8"))["seconds"])


if __name__ == "__main__":
    main()
