"""One process of Suiyao, put together. Nothing here decides anything."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from bot.app.page import PageBackend, PageNews
from bot.channels.email import ACCOUNT as MAIL_ACCOUNT
from bot.channels.email import EmailChannel
from bot.db.database import Database
from bot.db.keyring import Keyring
from bot.errors import Misconfigured, SendError
from bot.messages import Inbound
from bot.services import deployment, inbox
from bot.services.auditing import at_commit
from bot.services.book import Book
from bot.services.context import Addresses, Ctx
from bot.services.pacing import UNPACED, Pace
from bot.settings import Settings, machine_now
from bot.wording import LOCALES, load_wording

# What only serving needs is imported where it is used: most commands do without, and are twice as quick.
if TYPE_CHECKING:
    from fastapi import FastAPI

    from bot.channels.telegram import TelegramChannel
    from bot.worker import Line, Worker

log = logging.getLogger(__name__)

MAIL_PACE = Pace(per_second=5.0, burst=5, chat_interval=UNPACED.chat_interval)
CLOCKS_APART_SECONDS = 120.0
WEBHOOK_AGAIN_SECONDS = 10.0


class App:
    """Holds what a process holds. Make it with `App.open(settings)`."""

    def __init__(self, settings: Settings, telegram: TelegramChannel | None, bot_name: str) -> None:
        if not settings.database_url:
            raise Misconfigured("SUIYAO_DATABASE_URL: not set")
        if settings.keys is None:
            raise Misconfigured("SUIYAO_KEYS: not set; `suiyao keys` makes a set")
        self.settings = settings
        self.telegram = telegram
        self.mail = EmailChannel(settings.smtp_url, settings.mail_from) if settings.smtp_url else None
        self.database = Database(settings.async_database_url)
        self.mark = ""  # of the database, once it was checked
        self.worker: Worker | None = None
        keyring = Keyring(settings.keys.masters, settings.keys.lookup, settings.keys.seal)
        addresses = Addresses(public_url(settings), bot_name, MAIL_ACCOUNT)
        wording = load_wording(LOCALES)
        self.ctx = Ctx(self.database, keyring, wording, Book(), addresses, at_commit, self._wake)
        self.news = PageNews()
        self.page = PageBackend(self.ctx, self.news)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, *, restored: bool = False) -> AsyncIterator[App]:
        """Connect, check everything that can be checked, and close again at the end. Raises Misconfigured.

        `restored`: to put a database that was read back from a backup in quarantine.
        """
        async with AsyncExitStack() as stack:
            telegram = None
            bot_name = ""
            if settings.telegram_token:
                from bot.channels.telegram import TelegramChannel

                telegram = TelegramChannel(settings.telegram_token, settings.telegram_api_base)
                stack.push_async_callback(telegram.close)
                bot_name = await _bot_name(telegram)
            app = cls(settings, telegram, bot_name)
            stack.push_async_callback(app.database.close)
            app.mark = await deployment.check(app.ctx, machine_now(), CLOCKS_APART_SECONDS, restored=restored)
            yield app

    async def accept(self, inbound: Inbound) -> None:
        """What a channel calls: returns only when the message is committed."""
        await inbox.receive(self.ctx, inbound)

    def web(self) -> FastAPI:
        from bot.app.web import web_app

        return web_app(self)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Worker, news of the page and polling, while the block lasts."""
        from bot.app.polling import Polling
        from bot.worker import Worker

        if self.mail is None and self.mark == "live":
            log.warning("Staff get no mail: SUIYAO_SMTP_URL is not set", extra={"action": "no_mail"})
        self.worker = Worker(self.ctx, self._lines())
        polling = (
            Polling(self) if self.telegram is not None and not self.settings.telegram_webhook_secret else None
        )
        await self.worker.start()
        await self.news.start(self.settings.database_url)
        tasks = [asyncio.create_task(polling.run(), name="polling")] if polling else []
        try:
            if self.telegram is not None and self.settings.telegram_webhook_secret:
                tasks += await self._set_webhook(self.telegram)
            yield
        finally:
            if polling is not None:
                polling.stop()
            for task in tasks if polling is None else ():
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.news.stop()
            await self.worker.stop()

    async def _set_webhook(self, telegram: TelegramChannel) -> list[asyncio.Task[None]]:
        """Raises Misconfigured when Telegram refuses the address; while it is away, a task goes on asking."""
        url = f"{public_url(self.settings)}/telegram/{telegram.account}"
        ask = partial(telegram.set_webhook, url, self.settings.telegram_webhook_secret)
        try:
            await ask()
        except SendError:
            return [asyncio.create_task(_ask_until_set(ask), name="webhook")]
        return []

    def _lines(self) -> list[Line]:
        from bot.worker import Line

        lines = []
        if self.telegram is not None:
            lines.append(Line(self.telegram, Pace(), self.telegram.fetch))
        if self.mail is not None:
            lines.append(Line(self.mail, MAIL_PACE))
        return lines

    def _wake(self, name: str) -> None:
        if self.worker is not None:
            self.worker.wake(name)


def public_url(settings: Settings) -> str:
    return settings.public_url or f"http://{settings.host}:{settings.port}"


async def _ask_until_set(ask: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(WEBHOOK_AGAIN_SECONDS)
        try:
            return await ask()
        except (SendError, Misconfigured) as problem:
            kind = type(problem).__name__
            log.error("The webhook is not set yet", extra={"action": "webhook_not_set", "error": kind})


async def _bot_name(telegram: TelegramChannel) -> str:
    """A wrong token stops the start; a network that is away does not: it may be back before the patients are awake."""
    try:
        return await telegram.check()
    except SendError as error:
        log.warning("Telegram cannot be reached yet", extra={"action": "telegram_away", "code": error.code})
        return ""
