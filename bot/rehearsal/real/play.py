"""The real rehearsal: `suiyao serve` in processes that are killed, HTTP over loopback, a database that is lost at times.

Everything that happened is kept in a folder; the same seed is the same people and words, and never the same timing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.db import migrate
from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.backup import Vault
from bot.rehearsal.bot_api.server import FakeBotApi
from bot.rehearsal.outcome import Outcome
from bot.rehearsal.real.trial import A_ROUND, Trial
from bot.rehearsal.towns import EMPTY, ROLE_WORD, cluster

WORDS_A_MINUTE = 12  # of each
NAME = "rehearsed"
CUT = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{NAME}'"  # noqa: S608 - a name of ours


def play(participants: int, minutes: int, workers: int, seed: int, log: Path) -> Outcome:
    """`minutes` of the machine's time, and what it takes to start and to come to rest."""
    log.mkdir(parents=True, exist_ok=True)
    for old in [*log.glob("*.jsonl"), *log.glob("serve-*.log")]:
        old.unlink()
    with cluster() as folder:
        postgres = EmbeddedPostgres(folder, durable=False)
        postgres.create_database(NAME, EMPTY)
        trial = Trial(
            participants,
            WORDS_A_MINUTE * minutes,
            max(3, round(60 * minutes / A_ROUND)),
            log,
            seconds=60.0 * minutes,
            workers=workers,
            gone=participants // 10,
            seed=seed,
            cut=lambda: postgres.sql(CUT),
            clocks_step=True,
            vault=Vault(postgres, NAME),
        )
        return asyncio.run(_run(trial, postgres.url(NAME, migrate.RUNTIME, ROLE_WORD), participants))


async def _run(trial: Trial, url: str, participants: int) -> Outcome:
    """Updates come out of order across chats, and several for each person twice."""
    async with FakeBotApi(seed=trial.seed) as api:
        api.queue.repeats, api.queue.shuffled = 5 * participants, True
        return await trial.run(url, api)
