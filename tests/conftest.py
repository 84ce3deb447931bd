"""Fixtures that tests share, and the rule that a test which did not run is said aloud.

`postgres`, `database_url`, `unmade_url`, `owner_url`, `database`; `browser`, `page_360`, `screenshots`; `lean`.
Every property is guarded against hanging.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.async_api import Browser, Page

import bot.db.database
from bot.db.database import Database
from bot.db.embedded import EmbeddedPostgres
from bot.services import book
from bot.setting_forms import asyncpg_url
from bot.symptoms.freetext import lexicon as weave
from tests.support import browser as browsers
from tests.support import database as databases
from tests.support import hanging, memory
from tests.support.kept import compiling_once, parsed_once, woven_once

ROOT = Path(__file__).resolve().parent.parent
CLUSTER_FOLDER = pytest.StashKey[Path]()
settings.register_profile("suiyao", deadline=None)  # a busy machine is no finding; see `not_hanging`
settings.load_profile("suiyao")
NOT_RUN = ("skipped", "xfailed", "xpassed", "deselected")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail when any test was left out (CI)")


def pytest_configure(config: pytest.Config) -> None:
    """The run's own process chooses the cluster's folder; a worker is told."""
    # Tests and modules live as long as the run: looking through them for garbage every 700 objects finds none.
    gc.set_threshold(100_000, 20, 50)
    told = getattr(config, "workerinput", {}).get("cluster_folder")
    config.stash[CLUSTER_FOLDER] = Path(told) if told else databases.new_folder()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Item) -> None:
    node.workerinput["cluster_folder"] = str(node.config.stash[CLUSTER_FOLDER])  # type: ignore[attr-defined] # xdist's


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and CLUSTER_FOLDER in config.stash:
        databases.remove(config.stash[CLUSTER_FOLDER])


@pytest.fixture
def lean() -> Iterator[None]:
    """For parsers of what comes from outside: at most 200 MiB, whatever it is."""
    with memory.lean():
        yield


@pytest.fixture(autouse=True)
def not_hanging(request: pytest.FixtureRequest) -> Iterator[None]:
    """No example of a property takes a second of the processor. What plays on a database guards by itself what it reads."""
    property_alone = hasattr(request.function, "hypothesis") and "postgres" not in request.fixturenames
    with hanging.guarded_examples(request.function) if property_alone else nullcontext():
        yield


@pytest.fixture(autouse=True, scope="session")
def done_once() -> Iterator[None]:
    """Definitions are named by their hash: the same text parsed again is the same value, only slower. So with SQL."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book, "PARSERS", {kind: parsed_once(parser) for kind, parser in book.PARSERS.items()})
        patch.setattr(book, "weave", woven_once(weave))
        patch.setattr(bot.db.database, "create_async_engine", compiling_once)
        yield


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> EmbeddedPostgres:
    """The run's PostgreSQL, with a migrated template."""
    return databases.shared(request.config.stash[CLUSTER_FOLDER])


@pytest.fixture
def reserved_name(postgres: EmbeddedPostgres) -> Iterator[str]:
    with databases.reserved(postgres) as name:
        yield name


@pytest.fixture
def database_name(postgres: EmbeddedPostgres, reserved_name: str) -> str:
    databases.make(postgres, reserved_name)
    return reserved_name


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, database_name: str) -> str:
    """SUIYAO_DATABASE_URL of a fresh database, as the runtime role."""
    return databases.runtime_url(postgres, database_name)


@pytest.fixture
def unmade_url(postgres: EmbeddedPostgres, reserved_name: str) -> str:
    """The same of a database that is not there yet: for tests that begin with what is lived through once in a run."""
    return databases.runtime_url(postgres, reserved_name)


@pytest.fixture
def owner_url(postgres: EmbeddedPostgres, reserved_name: str) -> str:
    """SUIYAO_OWNER_DATABASE_URL of the same database: a superuser, to look behind the walls."""
    return postgres.url(reserved_name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(asyncpg_url(database_url))
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def browser(request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    """One Chromium for each process of the run; a test has pages of its own."""
    try:
        async with browsers.chromium() as running:
            yield running
    except browsers.NoBrowser:
        refuse = pytest.fail if request.config.getoption("no_skips") else pytest.skip
        refuse(browsers.NO_BROWSER)


@pytest.fixture
async def page_360(browser: Browser) -> AsyncIterator[Page]:
    """A page on a small Chinese phone."""
    async with browsers.small_phone(browser) as page:
        yield page


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures go; nothing there is committed."""
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# What takes longest, and what a browser is needed for: first, so that nobody waits for it alone at the end of a run.
FIRST = (
    "tests/processes/",
    "tests/e2e/",
    "tests/console/test_browser",
    "tests/channels/test_webchat_browser",
    "tests/rehearsal/",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next(
            (number for number, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST)
        )

    items.sort(key=place)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # What is alive now goes with the process: nobody need look through it five times more.
    gc.collect()
    gc.freeze()
    if session.config.getoption("no_skips") and _not_run(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left_out = _not_run(config)
    without_browser = sum(browsers.NO_BROWSER in str(getattr(report, "longrepr", "")) for report in left_out)
    if without_browser:
        terminalreporter.write_line(f"BROWSER TESTS NOT RUN: {without_browser}; {browsers.NO_BROWSER}")
    if left_out and config.getoption("no_skips"):
        terminalreporter.write_line(f"LEFT OUT: {len(left_out)} tests, and --no-skips allows none")


def _not_run(config: pytest.Config) -> list[object]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return [report for kind in NOT_RUN for report in reporter.stats.get(kind, [])] if reporter else []
