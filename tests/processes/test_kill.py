"""Two serving processes on one database, killed at random while patients answer: nothing is lost, doubled or out of turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from bot.rehearsal.bot_api.server import FakeBotApi
from bot.rehearsal.real.serving import Serving
from bot.rehearsal.real.town import BOT
from bot.rehearsal.real.trial import Trial
from tests.rehearsal.conftest import broken

SECRET = "a-secret-of-the-webhook"


async def test_a_webhook_that_loses_its_servers(database_url: str, api: FakeBotApi, tmp_path: Path) -> None:
    """Each update is posted to one process or the other, dead or alive, until somebody answers 200; some of them twice.

    `suiyao rehearse --real` plays the same for minutes, and polls.
    """
    api.queue.repeats = 8
    settings = {"TELEGRAM_WEBHOOK_SECRET": SECRET, "PUBLIC_URL": "https://127.0.0.1:1"}

    async def balance(servings: Sequence[Serving]) -> None:
        for serving in cycle(servings):
            url = f"{serving.url}/telegram/{BOT}"
            if api.webhook.secret == SECRET:  # a process has told where it wants its updates
                api.webhook.url = url
            await asyncio.sleep(0.03)

    trial = Trial(people=5, words=8, rounds=2, log=tmp_path, gone=1, settings=settings, clocks_step=True)
    outcome = await trial.run(database_url, api, balance)
    assert broken(outcome) == []
    assert all(one["checked"] for one in outcome.promises)
    assert outcome.faults["process killed"] == 2
    counts = outcome.counts
    assert counts["planned_doses"] == counts["answered_doses"] + 2 * trial.gone == 2 * trial.people
    assert counts["messages_sent"] > trial.people
    assert counts["messages_refused"] + counts["messages_of_unknown_fate"] >= trial.gone
    assert "emergency" in [one.tier for one in outcome.waited]  # patient 0 writes words of danger
    assert outcome.faults["machine clock set"] >= 2  # each life begins with a wrong clock
    assert {0, 200} <= set(api.webhook.statuses) <= {0, 200, 503}
    assert set(api.webhook.bodies) == {b""}
