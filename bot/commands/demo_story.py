"""What the demonstration is filled with: a site, its staff with sign-ins, and people whose last cycles were rehearsed."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.commands.demo import SITE, ZONE, open_site

if TYPE_CHECKING:
    from bot.app import App
    from bot.services.context import Ctx

STAFF = (
    ("nurse", "王护士"),
    ("coordinator", "陈协调员"),
    ("investigator", "李医生"),
    ("monitor", "监查员"),
    ("administrator", "管理员"),
)
PASSWORD_BYTES = 9  # twelve characters, new for each demonstration


async def fill(app: App, folder: Path, people: int, days: int, until: datetime) -> None:
    """Everything before the participant of today, in the order in which it would have happened."""
    from bot.rehearsal.demonstration import rehearse
    from bot.services import deployment

    async with app.ctx.begin() as tx:
        await open_site(tx)
    await _staff(app.ctx, folder)
    if people:
        label = f"Rehearsing {people} invented participants, {days} days"
        with click.progressbar(length=days, label=label) as bar:
            await rehearse(app.ctx, SITE, ZONE, until.astimezone(UTC), people, days, lambda: bar.update(1))
    await deployment.end_rehearsal(app.ctx)


async def _staff(ctx: Ctx, folder: Path) -> None:
    """One of each role. The sign-ins lie beside the data, for whoever may read it anyway."""
    from bot.services import signing_in
    from bot.services.enrolment import NewStaff, add_staff

    kept: dict[str, Any] = {}
    for role, name in STAFF:
        email, password = f"{role}@demo.example", secrets.token_urlsafe(PASSWORD_BYTES)
        async with ctx.begin() as tx:
            staff_id = await add_staff(tx, NewStaff(SITE, role, name, email, "zh_Hans_CN"), "demo")
            code = await signing_in.new_activation(tx, staff_id, email, "demo")
        await signing_in.activate(ctx, email, code, password)
        kept[email] = password
    file = folder / "sign-ins.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(kept), encoding="ascii")


def sign_ins(folder: Path) -> dict[str, str]:
    file = folder / "sign-ins.json"
    return dict(json.loads(file.read_text(encoding="ascii"))) if file.exists() else {}
