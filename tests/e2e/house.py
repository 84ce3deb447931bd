"""The real App on a real port of this machine, on a fresh database marked demo, with the real clock."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from sqlalchemy import select

from bot.app.app import App
from bot.app.sources import shipped
from bot.commands.demo import enrol_due_now, open_site
from bot.commands.setup import new_keys
from bot.services import book, deployment, linking
from bot.services.enrolment import Enrolled
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class House:
    app: App
    url: str

    async def enrol(self, language: str = "zh_Hans_CN") -> Enrolled:
        """Somebody of the combination arm whose two medicines are due now."""
        async with self.app.ctx.begin() as tx:
            return await enrol_due_now(tx, language)

    async def invite(self, participant_id: int) -> str:
        """The code of one more invitation; an unused one before it stops working."""
        async with self.app.ctx.begin() as tx:
            return (await linking.invite(tx, participant_id, "test")).code

    async def rows(self, table: Any, *order: Any) -> list[Any]:
        async with self.app.ctx.begin() as tx:
            return await tx.all(select(table).order_by(*order))


@asynccontextmanager
async def open_house(database_url: str, **more: str) -> AsyncIterator[House]:
    """`more`: further settings, for instance of Telegram."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        values = {"database_url": database_url, "keys": new_keys(), "public_url": url, **more}
        settings = Settings.model_validate(values)
        await _prepare(settings)
        async with App.open(settings) as app, app.running():
            config = uvicorn.Config(app.web(), log_config=None, lifespan="off", timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            yield House(app, url)
            await app.news.stop()
            server.should_exit = True
            await serving


async def _prepare(settings: Settings) -> None:
    app = App(settings.model_copy(update={"telegram_token": ""}), None, "")
    try:
        await deployment.prepare(app.ctx, "demo")
        await book.publish(app.ctx, [source for _, source in shipped()], "test")
        async with app.ctx.begin() as tx:
            await open_site(tx)
    finally:
        await app.database.close()
