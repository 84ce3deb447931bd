"""A big rehearsal is several towns, each with its own database, seed and faults; as many run at once as there are workers.

How a study is divided depends on its size alone, so the same seed is the same order of events with any number of workers.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import secrets
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import active_children, get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

from bot.app.app import LOCALES
from bot.db import migrate
from bot.db.embedded import EmbeddedPostgres
from bot.db.keyring import Keyring
from bot.rehearsal.backup import Vault
from bot.rehearsal.outcome import Outcome
from bot.rehearsal.rehearse import pace, rehearse, told
from bot.rehearsal.setting import Setting
from bot.setting_forms import asyncpg_url
from bot.wording import load_wording

LARGEST = 30  # people
FURTHER = 1_000_003  # from one town's seed to the next's
EMPTY = "suiyao_empty"
ROLE_WORD = "rehearsal"
_ticks: SimpleQueue[int]


def towns(setting: Setting) -> list[Setting]:
    """As even as can be. Each can be played alone, by its own number of people and seed."""
    count = -(-setting.participants // LARGEST)
    sizes = [setting.participants // count + (n < setting.participants % count) for n in range(count)]
    return [
        replace(setting, participants=size, seed=setting.seed + FURTHER * number)
        for number, size in enumerate(sizes)
    ]


def play(
    setting: Setting,
    workers: int,
    seconds: Callable[[], float],
    tick: Callable[[int], None],
    ended: Callable[[int, Outcome], None] = lambda towns, outcome: None,
) -> Outcome:
    """`tick` is called with the days that were played in some town, `ended` with how many towns are over, and the last
    one's outcome. `seconds`: since the beginning.
    """
    context, parts = get_context("spawn"), towns(setting)
    ticks: SimpleQueue[int] = context.SimpleQueue()
    with cluster() as folder, ProcessPoolExecutor(workers, context, _begin, (ticks,)) as pool:
        playing = [pool.submit(_town, folder, number, part) for number, part in enumerate(parts)]
        for one in playing:
            one.add_done_callback(lambda _: ticks.put(0))
        try:
            over: list[Future[Outcome]] = []
            while len(over) < len(playing):
                tick(ticks.get())
                for one in playing:
                    if one.done() and one not in over:
                        over.append(one)
                        ended(len(over), one.result())
        except BaseException:
            for process in active_children():  # they would play on to their ends
                process.terminate()
            raise
        return together(setting, [one.result() for one in playing], seconds())


def _begin(ticks: SimpleQueue[int]) -> None:
    """In a worker: where it tells of each day."""
    global _ticks
    _ticks = ticks


def _town(folder: Path, number: int, setting: Setting) -> Outcome:
    """In a worker."""
    postgres, name = EmbeddedPostgres(folder, durable=False), f"town_{number}"
    keyring = Keyring({"master-1": secrets.token_bytes(32)}, secrets.token_bytes(32), secrets.token_bytes(32))
    postgres.create_database(name, EMPTY)
    gc.freeze()  # as `serve` does
    try:
        url = asyncpg_url(postgres.url(name, migrate.RUNTIME, ROLE_WORD))
        vault, wording = Vault(postgres, name), load_wording(LOCALES)
        return asyncio.run(rehearse(url, setting, keyring, wording, lambda _: _ticks.put(1), vault))
    finally:
        postgres.drop_database(name)


@contextmanager
def cluster() -> Iterator[Path]:
    """The folder of an embedded PostgreSQL with one empty, migrated database to copy; gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="suiyao-rehearsal-"))
    postgres = EmbeddedPostgres(folder, durable=False)
    try:
        postgres.start()
        postgres.create_database(EMPTY)
        migrate.upgrade(postgres.url(EMPTY), ROLE_WORD)
        yield folder
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def together(setting: Setting, parts: Sequence[Outcome], seconds: float) -> Outcome:
    """All towns as one: sums, and each violation with the town in which it can be played again."""
    whole = Outcome(told(setting), _one_word(parts), seconds, pace(setting, seconds))
    whole.setting["towns"] = len(parts)
    whole.waited = [one for part in parts for one in part.waited]
    whole.on_the_wire = [wait for part in parts for wait in part.on_the_wire]
    whole.counts = dict(_sum(part.counts for part in parts))
    whole.faults = dict(sorted(_sum(part.faults for part in parts).items()))
    whole.played = dict(_sum(part.played for part in parts))
    whole.undone = dict(_sum(part.undone for part in parts))
    whole.promises = [_promise(parts, number) for number in range(len(parts[0].promises))]
    weekly: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for part in parts:
        for week, counts in part.weekly.items():
            weekly[week].update(counts)
    whole.weekly = {week: dict(weekly[week]) for week in sorted(weekly)}
    return whole


def _one_word(parts: Sequence[Outcome]) -> str:
    words = [part.fingerprint for part in parts]
    return words[0] if len(words) == 1 else hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def _promise(parts: Sequence[Outcome], number: int) -> dict[str, Any]:
    told = [part.promises[number] for part in parts]
    return {
        **told[0],
        "checked": sum(one["checked"] for one in told),
        "violations": [
            {**broken, "where": f"{broken['where']} ({_replay(part)})"} if len(parts) > 1 else broken
            for part, one in zip(parts, told, strict=True)
            for broken in one["violations"]
        ],
        "allowed": dict(sorted(_sum(one["allowed"] for one in told).items())),
    }


def _replay(part: Outcome) -> str:
    return f"--participants {part.setting['participants']} --seed {part.setting['seed']}"
