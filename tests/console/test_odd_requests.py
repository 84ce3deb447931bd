"""Whatever is asked of the console or posted to it: a page or a refusal, and what was refused left nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bot.console.pages import PAGES
from tests.support.forms import ODD, filled, forms_of
from tests.support.hanging import no_hang
from tests.support.office import HOST, Office, Visitor, office
from tests.support.patient import alerted, enrolled

NOW = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)
# Who asked what, and that he is at work, is kept of refused questions as well.
KEPT_OF_REFUSALS = {"audit_entry", "audit_head", "staff_session", "login_attempt", "sealed"}
PAGES_OF_ONE = ("", "/labs", "/decisions", "/messages", "/symptoms", "/invitation", "/doses/1")
PAGES_OF_ALL = (
    "/console/alerts/1",
    "/console/enrol?study=nct04217967",
    "/console/sites/TST",
    "/console/rules",
    "/console/account",
)
Asked = Callable[[Coroutine[Any, Any, Any]], Any]
# One database for all examples: what one of them left is the next one's beginning, so the order is always the same.
story = settings(
    max_examples=40,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True, slots=True)
class Console:
    wait: Asked
    town: Office
    home: str
    visitors: dict[str, Visitor]
    behind: asyncpg.Connection[Any]

    def kept(self) -> list[Any]:
        """Of each table its rows, in one number."""
        rows: list[Any] = self.wait(self._kept())
        return rows

    async def _kept(self) -> list[Any]:
        tables = await self.behind.fetch(
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        )
        counted = (
            f"SELECT '{name}' AS name, count(*) AS n, sum(hashtextextended(t::text, 0)) AS what FROM {name} t"
            for (name,) in tables
            if name not in KEPT_OF_REFUSALS
        )
        return [tuple(row) for row in await self.behind.fetch(" UNION ALL ".join(counted) + " ORDER BY 1")]


@pytest.fixture
def console(unmade_url: str, owner_url: str) -> Iterator[Console]:
    """An investigator and an administrator are signed in; a participant with an alert is there."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def opened() -> Console:
            town = await stack.enter_async_context(office(unmade_url, NOW))
            person = (await enrolled(town)).participant_id
            await alerted(town, person)
            visitors = {
                role: await stack.enter_async_context(town.signed_in(role))
                for role in ("investigator", "administrator")
            }
            behind = await asyncpg.connect(owner_url)
            stack.push_async_callback(behind.close)
            return Console(runner.run, town, f"/console/participants/{person}", visitors, behind)

        try:
            yield runner.run(opened())
        finally:
            runner.run(stack.aclose())


NUMBERS = st.sampled_from(
    ["1", "2", "0", "99", str(2**62), str(2**63), "9" * 30, "9" * 5000, "-1", "x", "%00"]
)
NAMES = st.sampled_from(["study", "site", "format", "as_of", "show", "before", "again", "done", "lang", "x"])
VALUES = st.sampled_from(
    [
        *("nct04217967", "TST", "NBR", "html", "csv", "json", "open", "1"),
        *(
            "2026-11-28T08:00",
            "2026-11-28 08:00",
            "0001-01-01T00:00+23:59",
            "9999-12-31T23:59-23:59",
            "2026-11-28T08:00+08:00",
        ),
        *ODD[:-1],
    ]
)


def test_whatever_is_asked_is_answered(console: Console) -> None:
    paths = sorted({page.path for page in PAGES if page.method == "GET"})

    @story
    @example("/console/participants/{participant_id:row}/messages", "1", {"before": "0001-01-01T00:00+23:59"})
    @given(st.sampled_from(paths), NUMBERS, st.dictionaries(NAMES, VALUES | st.text(max_size=30), max_size=4))
    def asked(path: str, number: str, query: dict[str, str]) -> None:
        parts = (number if part.startswith("{") else part for part in path.split("/"))
        encoded = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in query.items()})
        with no_hang():
            answer = console.wait(console.visitors["investigator"].client.get(f"{'/'.join(parts)}?{encoded}"))
        assert answer.status_code in (200, 303, 403, 404, 409), answer.text

    before = console.kept()
    asked()
    assert console.kept() == before


@pytest.mark.parametrize("role", ["investigator", "administrator"])
def test_whatever_is_posted_is_taken_whole_or_refused(console: Console, role: str) -> None:
    """Every form of every page, filled in by somebody who is no browser."""
    visitor = console.visitors[role]
    shown = [
        console.wait(visitor.get(page))
        for page in (*PAGES_OF_ALL, *(console.home + page for page in PAGES_OF_ONE))
    ]
    forms = [form for page in shown for form in forms_of(page.text) if "sign-out" not in form.action]
    outcomes, kept = set(), console.kept()

    @story
    @given(filled(forms), st.sampled_from([HOST] * 9 + ["http://["]))
    def posted(form: tuple[str, dict[str, str]], origin: str) -> None:
        nonlocal kept
        action, fields = form
        body = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()})
        headers = {"origin": origin, "content-type": "application/x-www-form-urlencoded"}
        with no_hang():
            answer = console.wait(visitor.client.post(action, content=body, headers=headers))
        before, kept = kept, console.kept()
        assert answer.status_code in (200, 303, 403, 404, 409, 413, 422), answer.text
        assert answer.status_code < 400 or kept == before, answer.text
        outcomes.add(answer.status_code)

    posted()
    assert {303, 422} <= outcomes, "nothing was taken, or nothing was refused"
