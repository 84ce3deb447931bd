"""What the phone page needs of the house: accept, show, and news as they come, from whichever process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import asyncpg

from bot.channels.web.view import ChatView, Line, OpenQuestion
from bot.messages import Inbound
from bot.services import inbox, screens
from bot.services.auditing import PAGE_CHANNEL
from bot.services.context import Ctx
from bot.services.screen_lines import Spoken

log = logging.getLogger(__name__)

ACCOUNT = "page"
LOOK_AGAIN_SECONDS = 15.0  # a notification that got lost costs at most this
ANSWER_SECONDS = 3.0  # how long a page waits for its answer before it is shown without
LOCKED_SECONDS = 0.03


class PageNews:
    """One listening connection per process; it tells each open page when its contact has news."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None
        self.stopped = asyncio.Event()

    async def start(self, database_url: str) -> None:
        self._task = asyncio.create_task(self._listen(database_url), name="page.news")

    async def stop(self) -> None:
        self.stopped.set()
        for events in self._waiting.values():
            for event in events:
                event.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def watch(self, contact: str) -> asyncio.Event:
        event = asyncio.Event()
        self._waiting.setdefault(contact, set()).add(event)
        return event

    def leave(self, contact: str, event: asyncio.Event) -> None:
        events = self._waiting.get(contact, set())
        events.discard(event)
        if not events:
            self._waiting.pop(contact, None)

    async def _listen(self, database_url: str) -> None:
        while not self.stopped.is_set():
            try:
                connection = await asyncpg.connect(database_url)
                try:
                    await connection.add_listener(PAGE_CHANNEL, self._heard)
                    closed = asyncio.Event()
                    connection.add_termination_listener(lambda _, closed=closed: closed.set())
                    await closed.wait()
                finally:
                    await connection.close()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
                kind = type(problem).__name__
                log.warning("No news from the database for now", extra={"action": "news_lost", "error": kind})
                await asyncio.sleep(1.0)

    def _heard(self, connection: object, pid: int, channel: str, payload: object) -> None:
        for event in self._waiting.get(str(payload), ()):
            event.set()


class PageBackend:
    """The Backend that the web chat asks for. Addresses are device tokens: personal data."""

    def __init__(self, ctx: Ctx, news: PageNews) -> None:
        self._ctx = ctx
        self._news = news

    async def accept(self, inbound: Inbound) -> None:
        """Commit first; then see it handled, here or by the worker, so that the next page shows the answer."""
        receipt = await inbox.receive(self._ctx, inbound)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._handled(receipt.inbox_id)
        except TimeoutError:
            # It is stored. Only the answer is late, and the page will show it when it comes.
            log.info("An answer is late", extra={"action": "answer_late", "inbox_id": receipt.inbox_id})
        except Exception:
            log.exception(
                "An answer is late", extra={"action": "inline_failed", "inbox_id": receipt.inbox_id}
            )

    async def _handled(self, inbox_id: int) -> None:
        while (lock_key := await screens.waits_for(self._ctx, inbox_id)) is not None:
            if not await inbox.handle_next(self._ctx, lock_key):
                await asyncio.sleep(LOCKED_SECONDS)  # somebody else is serving this person

    async def knows(self, address: str) -> bool:
        return await screens.knows(self._ctx, ACCOUNT, address)

    async def follows(self, address: str) -> bool:
        return await screens.follows(self._ctx, ACCOUNT, address)

    async def view(self, address: str) -> ChatView | None:
        screen = await screens.view(self._ctx, ACCOUNT, address)
        if screen is None:
            return None
        return ChatView(
            language=screen.language,
            title=self._ctx.wording.text(screen.language, "page.title"),
            lines=tuple(map(_line, screen.spoken)),
            question=None if screen.asked is None else _question(screen.asked),
            site_phone=screen.site_phone,
            linked=screen.linked,
            menu=screen.menu,
        )

    async def changes(self, address: str) -> AsyncIterator[None]:
        contact = await screens.contact_of(self._ctx, ACCOUNT, address)
        if contact is None:
            return
        seen = await screens.newest(self._ctx, ACCOUNT, address)
        event = self._news.watch(str(contact))
        try:
            while not self._news.stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), LOOK_AGAIN_SECONDS)
                event.clear()
                now = await screens.newest(self._ctx, ACCOUNT, address)
                if now != seen:
                    seen = now
                    yield
                if not await self.follows(address):
                    return  # the person reads elsewhere now: this stream is not theirs any more
        finally:
            self._news.leave(str(contact), event)

    def text(self, language: str, text_id: str, **values: object) -> str:
        return self._ctx.wording.text(language, text_id, now=None, **values)


def _line(one: Spoken) -> Line:
    return Line(one.key, one.mine, one.text, one.at, one.label, one.record, one.urgent)


def _question(asked: screens.Asked) -> OpenQuestion:
    return OpenQuestion(asked.token, asked.text, asked.choices, asked.progress, asked.takes_words, asked.at)
