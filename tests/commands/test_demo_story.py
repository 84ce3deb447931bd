"""What `make demo` does before it serves: an empty database is marked, filled with staff, and its last days are rehearsed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.app.app import App
from bot.commands.demo_story import fill, sign_ins
from bot.commands.setup import prepare
from bot.db.doses import DoseReport
from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.real.serving import keys
from bot.services import deployment
from bot.setting_forms import parse_keys
from bot.settings import Settings
from tests.support import database as databases


def test_the_last_days_are_rehearsed_and_real_time_goes_on(
    postgres: EmbeddedPostgres, database_name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = databases.runtime_url(postgres, database_name)
    given = {"database_url": url, "keys": parse_keys(keys()), "public_url": "http://127.0.0.1:8080"}
    settings = Settings.model_validate(given)
    prepare(postgres.url(database_name), settings, "demo")

    async def filled() -> tuple[int, str]:
        app = App(settings, None, "")
        try:
            async with app.ctx.begin() as tx:
                await app.ctx.book.refresh(tx)
            await fill(app, tmp_path, people=1, days=4)
            async with app.ctx.begin() as tx:
                told = await tx.scalar(select(func.count()).select_from(DoseReport))
            return int(told), await deployment.mark(app.ctx)
        finally:
            await app.database.close()

    told, mark = asyncio.run(filled())
    assert told >= 1 and mark == "demo"
    assert len(sign_ins(tmp_path)) == 5
    assert "Rehearsing 1 invented" in capsys.readouterr().out
