"""Every conversation in this folder, replayed on a fresh database with the App thrown away between every two lines.

`--golden` writes the files anew. A transcript is read by a nurse: what it shows is what patients get.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app.sources import shipped
from bot.db.audit import AuditHead
from bot.db.database import Database
from bot.db.inbox import InboxMessage
from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.rehearsal.play import Player
from bot.rehearsal.scene import Scene, set_scene
from bot.rehearsal.stage import Stage
from bot.rehearsal.transcript import Step, Transcript, parse, written
from bot.services import book, deployment
from bot.services.auditing import verify_chain
from bot.services.book import Source
from bot.services.context import Ctx
from bot.setting_forms import asyncpg_url
from bot.symptoms.pro_wording import wording_of
from tests.support.house import new_ctx
from tests.support.pro_wording import INSTRUMENT, pieces
from tests.support.snapshots import once

FOLDER = Path(__file__).parent
CANNOT = "! cannot:"
# The longest first: at the end of a run nobody waits for them alone.
FILES = sorted(FOLDER.glob("*.txt"), key=lambda file: (-(file.stat().st_size // 20_000), file.name))


@pytest.fixture
async def database(unmade_url: str) -> AsyncIterator[Database]:
    opened = Database(asyncpg_url(unmade_url), pool_size=2)
    yield opened
    await opened.close()


async def rebuilt(database: Database) -> Ctx:
    """A process that has just started: new keyring, new book, nothing remembered. Only the wire is the same."""
    ctx = new_ctx(database)
    async with ctx.begin() as tx:
        await ctx.book.refresh(tx)
    return ctx


async def played(database: Database, transcript: Transcript) -> str:
    player = await begun(database, transcript.scene)
    lines = list(transcript.head)
    for entry in transcript.script:
        if isinstance(entry, str):
            lines.append(entry)
            continue
        player.stage.ctx = await rebuilt(database)
        lines += [written(entry), *await played_step(player, entry)]
    return "\n".join(lines) + "\n"


async def played_step(player: Player, step: Step) -> list[str]:
    """What follows. A step that cannot be done (no such button) is told in the transcript's own place."""
    try:
        return await player.play(step)
    except (KeyError, ValueError) as problem:
        return [f"{CANNOT} {problem}"]


async def begun(database: Database, scene: Scene) -> Player:
    """Up to the first line; what leads there is the same for all transcripts of one header."""
    ctx = new_ctx(database)
    state = await once(ctx, repr(scene), lambda: _lived(ctx, scene))
    stage = Stage(ctx)
    vars(stage).update(state["stage"])
    stage.ctx = ctx
    player = Player(stage, scene, "")
    vars(player).update(state["player"])
    return player


async def _lived(ctx: Ctx, scene: Scene) -> dict[str, dict[str, Any]]:
    """What phones, nurse and onlooker know then."""
    await deployment.prepare(ctx, "rehearsal", scene.instant)
    await book.publish(ctx, [*(source for _, source in shipped()), *_invented(scene)], "test")
    player = Player(Stage(ctx), scene, await set_scene(ctx, scene))
    if scene.linked:
        await player.link()
    return {"player": _known(player, "stage"), "stage": _known(player.stage, "_ctx")}


def _invented(scene: Scene) -> list[Source]:
    """A wording of the items that the scene asks: the licensed one is a site's own."""
    if not scene.questionnaire:
        return []
    return [
        Source(
            "pro_ctcae", "pro_ctcae", wording_of("pro_ctcae", INSTRUMENT, pieces(*scene.questionnaire)).body()
        )
    ]


def _known(thing: object, but: str) -> dict[str, Any]:
    return {name: value for name, value in vars(thing).items() if name != but}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_conversation_goes_as_written(
    file: Path, database: Database, request: pytest.FixtureRequest
) -> None:
    text = read(file)
    played_now = await played(database, parse(text))
    if request.config.getoption("--golden", default=False):
        write(file, played_now)
    assert CANNOT not in played_now
    await nothing_was_lost(database)
    assert played_now.splitlines() == read(file).splitlines()


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


async def nothing_was_lost(database: Database) -> None:
    """What holds at the end of any conversation: everything handled, every chain intact, every push neutral."""
    ctx = await rebuilt(database)
    async with ctx.begin() as tx:
        unhandled = select(func.count()).select_from(InboxMessage).where(InboxMessage.state != "handled")
        assert await tx.scalar(unhandled) == 0
        failed = select(func.count()).select_from(Timer).where((Timer.state == "parked") | (Timer.tries > 0))
        assert await tx.scalar(failed) == 0
        told_unasked = select(OutboundMessage.text_id).where(
            OutboundMessage.pushed,
            OutboundMessage.channel == "telegram",
            OutboundMessage.purpose != "staff_alert",  # on telephones of staff
        )
        pushed = {row.text_id for row in await tx.all(told_unasked)}
        assert {text_id for text_id in pushed if not text_id.startswith("push.")} == set()
        for chain in (await tx.execute(select(AuditHead.chain))).scalars():
            assert await verify_chain(tx, chain) is None


def test_there_are_transcripts() -> None:
    """A wrong path would make the test above hold."""
    assert len(FILES) >= 10
