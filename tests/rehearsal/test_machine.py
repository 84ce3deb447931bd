"""Hypothesis drives the exact rehearsal: it chooses what happens next; a failing story is shrunk and printed as a test."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.faults import AT_ACCEPT, AT_COMMIT, AT_LARGE, AT_SEND
from bot.rehearsal.mishaps import Mishaps
from bot.rehearsal.opening import opened
from bot.rehearsal.promises import PROMISES
from bot.rehearsal.setting import Setting
from bot.rehearsal.town import Town
from bot.setting_forms import asyncpg_url
from tests.support import house
from tests.support.database import fresh_database, runtime_url

PEOPLE = 3
WORDS = ("胸口疼，喘不上气", "emergency")
BOUNDARIES = sorted({**AT_COMMIT, **AT_SEND, **AT_ACCEPT})


class Story(RuleBasedStateMachine):
    """Three people. Whatever is done to them and to the house, every promise holds at the end."""

    postgres: ClassVar[EmbeddedPostgres]
    town: Town

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._database = fresh_database(self.postgres)
        self._open = AsyncExitStack()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    @initialize(seed=st.integers(0, 50))
    def begin(self, seed: int) -> None:
        url = asyncpg_url(runtime_url(self.postgres, self._database.__enter__()))
        setting = Setting(participants=PEOPLE, days=60, seed=seed)
        place = opened(url, setting, house.keyring(), house.wording())
        self.town = self._do(self._open.enter_async_context(place))
        self._do(self.town.run(setting.start + timedelta(hours=2)))

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self._do(self.town.run(self.town.house.now + timedelta(hours=hours)))

    @rule(kind=st.sampled_from(BOUNDARIES), ahead=st.integers(0, 5))
    def a_fault_waits(self, kind: str, ahead: int) -> None:
        self.town.house.faults.arm(kind, ahead)

    @rule(kind=st.sampled_from(sorted(AT_LARGE)))
    def something_breaks(self, kind: str) -> None:
        self._do(Mishaps(self.town).happens(kind))

    @rule(number=st.integers(0, PEOPLE - 1))
    def somebody_is_in_danger(self, number: int) -> None:
        if number < len(self.town.people):
            self._do(self.town.life.danger(self.town.people[number], *WORDS))

    @rule(number=st.integers(0, PEOPLE - 1), what=st.sampled_from(("hold", "resume", "paused", "active")))
    def the_site_decides(self, number: int, what: str) -> None:
        if number < len(self.town.people):
            kind, value = (what, "") if what in ("hold", "resume") else ("status", what)
            self._do(self.town.office.order(self.town.people[number], kind, value=value))

    def teardown(self) -> None:
        try:
            if hasattr(self, "town"):
                self._do(self.town.run(self.town.house.now + timedelta(hours=5)))
                assert self._do(self._broken()) == []
        finally:
            self._do(self._open.aclose())
            if hasattr(self, "town"):
                self._database.__exit__(None, None, None)
            self._runner.close()

    async def _broken(self) -> list[str]:
        evidence = self.town.evidence()
        found = [one for promise in PROMISES for one in (await promise.count(evidence)).violations]
        return [f"{one.promise}: {one.what} | {one.where} | {one.at}" for one in found]


def test_no_story_breaks_a_promise(postgres: EmbeddedPostgres) -> None:
    Story.postgres = postgres
    small = settings(
        max_examples=2,
        stateful_step_count=10,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Story, settings=small)
