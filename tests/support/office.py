"""Two sites with staff of every role and a participant each, and the real web application to visit without a network."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import insert

from bot.console.pages import console_router
from bot.db.access import StaffLogin
from bot.services import signing_in
from bot.services.access import ROLES
from bot.services.context import Ctx
from bot.services.enrolment import NewSite, NewStaff, add_site, add_staff
from tests.support.house import Town, opened

PASSWORD = "four unrelated words here"
HOST = "http://127.0.0.1:8080"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HIDDEN = re.compile(r'name="check" value="([0-9a-f]{64})"')


def email(role: str, site: str = "TST") -> str:
    return f"{role}@{site.lower()}.example"


@dataclass(slots=True)
class Visitor:
    """One browser. It sends what a browser sends with a form: where it came from, and the form's own fields."""

    client: httpx.AsyncClient
    last: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"origin": HOST, "sec-fetch-site": "same-origin"})

    async def get(self, path: str) -> httpx.Response:
        response = await self.client.get(path)
        if HIDDEN.search(response.text):
            self.last = response.text
        return response

    @property
    def check(self) -> str:
        found = HIDDEN.search(self.last)
        assert found is not None, "no form was seen yet"
        return found[1]

    async def post(self, path: str, **fields: str) -> httpx.Response:
        data = {"check": self.check, **fields}
        return await self.client.post(path, data=data, headers=self.headers)

    async def follow(self, path: str, **fields: str) -> httpx.Response:
        """Send a form, and open the page that it leads to."""
        response = await self.post(path, **fields)
        assert response.status_code == 303, response.text
        return await self.get(response.headers["location"])


@dataclass(slots=True)
class Office:
    ctx: Ctx
    town: Town
    app: FastAPI

    @asynccontextmanager
    async def visitor(self, language: str = "en") -> AsyncIterator[Visitor]:
        transport = httpx.ASGITransport(self.app)
        cookies = {"suiyao-console-language": language}
        async with httpx.AsyncClient(transport=transport, base_url=HOST, cookies=cookies) as client:
            yield Visitor(client)

    @asynccontextmanager
    async def signed_in(self, role: str, site: str = "TST", language: str = "en") -> AsyncIterator[Visitor]:
        """A browser with a session. Signing in by the form has its own tests; this one asks the service."""
        async with self.visitor(language) as visitor:
            token = await signing_in.sign_in(self.ctx, email(role, site), PASSWORD, "")
            visitor.client.cookies.set("suiyao-staff", token)
            await visitor.get("/console/alerts")
            yield visitor

    async def staff_id(self, role: str, site: str = "TST") -> int:
        async with self.ctx.begin() as tx:
            return await signing_in.staff_of_email(tx, email(role, site))


@asynccontextmanager
async def office(database_url: str, now: datetime) -> AsyncIterator[Office]:
    async with opened(database_url, now, _staff) as town:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(console_router(town.ctx))
        yield Office(town.ctx, town, app)


async def _staff(town: Town) -> None:
    ctx = town.ctx
    async with ctx.begin() as tx:
        await add_site(tx, NewSite("NBR", "邻院", "Asia/Shanghai", "zh_Hans_CN", "020-7654321"), "test")
        for site in ("TST", "NBR"):
            for role in ROLES:
                new = NewStaff(site, role, f"{role} {site}", email(role, site), "zh_Hans_CN")
                await add_staff(tx, new, "test")
    await _activate(ctx)


async def _activate(ctx: Ctx) -> None:
    """Everybody has the same password, hashed as cheaply as can be: what argon2 costs is of no interest here."""
    kept = CHEAP.hash(PASSWORD)
    async with ctx.begin() as tx:
        for name in [email(role, site) for site in ("TST", "NBR") for role in ROLES]:
            await tx.execute(
                insert(StaffLogin).values(
                    staff_id=await signing_in.staff_of_email(tx, name),
                    name_lookup=signing_in.name_lookup(ctx, name),
                    password_hash=kept,
                    changed_at=tx.now,
                )
            )
