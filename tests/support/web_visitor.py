"""A phone without JavaScript: an HTTP client that reads the page's forms and posts them."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from bot.channels.webchat import router
from tests.support.web_backend import GOOD_CODE, MemoryBackend

ORIGIN = "https://page.test"
SAME = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}  # what Chromium sends under no-referrer


def app_of(backend: MemoryBackend, *, secure: bool) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(backend, secure=secure))
    return app


@dataclass
class Visitor:
    """Keeps its cookies. `page` is what it sees."""

    client: httpx.AsyncClient
    backend: MemoryBackend
    page: str = ""

    async def open(self, path: str = "/chat") -> httpx.Response:
        answer = await self.client.get(path)
        self.page = answer.text
        return answer

    async def send(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Posts and does not follow; a page in the answer is what the visitor now sees."""
        answer = await self.client.post(path, data=fields, headers={**SAME, **headers})
        self.page = answer.text or self.page
        return answer

    def form(self, **fields: str) -> dict[str, str]:
        """The hidden fields of the page in sight, and `fields`."""
        return {"check": self.hidden("check"), "once": self.hidden("once"), **fields}

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"no {name} on the page"
        return html.unescape(found[1])

    def kept(self) -> str:
        """What the writing field holds."""
        found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", self.page, re.DOTALL)
        assert found, "no writing field on the page"
        return html.unescape(found[1])

    @property
    def token(self) -> str:
        return next(iter(self.client.cookies.jar)).value or ""

    async def start(self) -> None:
        await self.open(f"/i/{GOOD_CODE}")
        await self.send(f"/i/{GOOD_CODE}", {"once": self.hidden("once")})
        await self.open()

    async def link(self) -> None:
        """From the invitation to the first dose question."""
        await self.start()
        await self.send("/chat/say", self.form(text="6789"))
        await self.open()


@asynccontextmanager
async def visiting(backend: MemoryBackend, *, secure: bool = True) -> AsyncIterator[Visitor]:
    transport = httpx.ASGITransport(app_of(backend, secure=secure))
    base = ORIGIN if secure else ORIGIN.replace("https", "http")
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        yield Visitor(client, backend)
