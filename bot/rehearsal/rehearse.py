"""Rehearse a study: play it on a database of its own, count the promises, and say what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.db.keyring import Keyring
from bot.rehearsal.backup import Vault
from bot.rehearsal.opening import opened
from bot.rehearsal.outcome import Outcome, judge
from bot.rehearsal.played import played
from bot.rehearsal.setting import Setting
from bot.wording import Wording

Tick = Callable[[int], None]


async def rehearse(
    url: str,
    setting: Setting,
    keyring: Keyring,
    wording: Wording,
    tick: Tick = lambda day: None,
    vault: Vault | None = None,
) -> Outcome:
    """`url`: an empty, migrated database, as the runtime role, for asyncpg. `tick` is called after each day."""
    begun = time.monotonic()
    async with opened(url, setting, keyring, wording, vault) as town:
        for day in range(1, setting.days + 1):
            await town.run(setting.start + timedelta(days=day))
            tick(day)
        seconds = time.monotonic() - begun
        outcome = Outcome(told(setting), town.fingerprint(), seconds, pace(setting, seconds))
        outcome.faults = dict.fromkeys(setting.faults, 0)
        outcome.played = played(town.people, town.office.ways)
        outcome.undone = dict(town.office.undone)
        return await judge(town.evidence(), outcome)


def pace(setting: Setting, seconds: float) -> str:
    return f"{setting.participants * setting.days / max(seconds, 0.001):.1f} participant-days a second"


def told(setting: Setting) -> dict[str, Any]:
    return {
        "study": setting.study,
        "participants": setting.participants,
        "days": setting.days,
        "length": f"{setting.days} days",
        "seed": setting.seed,
        "zone": setting.zone,
        "first_day": setting.first_day.isoformat(),
        "faults": ", ".join(sorted(setting.faults)) or "none",
    }
