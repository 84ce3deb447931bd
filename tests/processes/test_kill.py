"""Two serving processes on one database, killed at random while patients answer: nothing is lost, doubled or out of turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from tests.processes.serving import Serving
from tests.processes.town import BOT
from tests.processes.trial import Trial
from tests.support.bot_api import FakeBotApi

SECRET = "a-secret-of-the-webhook"


async def test_two_thousand_updates_and_random_kills(
    database_url: str, api: FakeBotApi, tmp_path: Path
) -> None:
    """Polling: updates come out of order across chats and some of them twice."""
    api.queue.repeats, api.queue.shuffled = 200, True
    figures = await Trial(people=40, words=46, rounds=6).run(database_url, api, tmp_path)
    print(figures)
    assert figures["updates"] >= 2000
    assert figures["kills"] == 8


async def test_a_webhook_that_loses_its_servers(database_url: str, api: FakeBotApi, tmp_path: Path) -> None:
    """Each update is posted to one process or the other, dead or alive, until somebody answers 200."""
    api.queue.repeats = 30
    settings = {"TELEGRAM_WEBHOOK_SECRET": SECRET, "PUBLIC_URL": "https://127.0.0.1:1"}

    async def balance(servings: Sequence[Serving]) -> None:
        for serving in cycle(servings):
            url = f"{serving.url}/telegram/{BOT}"
            if api.webhook.secret == SECRET:  # a process has told where it wants its updates
                api.webhook.url = url
            await asyncio.sleep(0.03)

    trial = Trial(people=10, words=16, rounds=4, settings=settings)
    print(await trial.run(database_url, api, tmp_path, balance))
    assert {0, 200} <= set(api.webhook.statuses) <= {0, 200, 503}
    assert set(api.webhook.bodies) == {b""}
