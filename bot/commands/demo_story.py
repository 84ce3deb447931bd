"""What the demonstration is filled with: a site, its staff with sign-ins, and people whose last cycles were rehearsed."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.demo import SITE, ZONE, open_site

if TYPE_CHECKING:
    from bot.app.app import App
    from bot.services.context import Ctx, Tx

STAFF = (
    ("nurse", "王护士"),
    ("coordinator", "陈协调员"),
    ("investigator", "李医生"),
    ("monitor", "监查员"),
    ("administrator", "管理员"),
)
PASSWORD_BYTES = 9  # twelve characters, new for each demonstration


async def fill(app: App, folder: Path, people: int, days: int) -> None:
    """Everything before the participant of today, in the order in which it would have happened."""
    from bot.rehearsal.demonstration import rehearse
    from bot.rehearsal.hands import hands

    async with app.ctx.begin() as tx:
        await open_site(tx)
        await _staff(tx)
        until = tx.now
    if people:
        label = f"Rehearsing {people} invented participants, {days} days"
        with click.progressbar(length=days, label=label) as bar, hands(app.settings) as helping:
            await rehearse(app.ctx, SITE, ZONE, until, people, days, lambda: bar.update(1), helping)
    await _staff_sign_in(app.ctx, folder)


async def _staff(tx: Tx) -> None:
    """One of each role."""
    from bot.services.enrolment import NewStaff, add_staff

    for role, name in STAFF:
        await add_staff(tx, NewStaff(SITE, role, name, _email(role), "zh_Hans_CN"), "demo")


def _email(role: str) -> str:
    return f"{role}@demo.example"


async def _staff_sign_in(ctx: Ctx, folder: Path) -> None:
    """A password for each, made anew. They lie beside the data, for whoever may read that anyway."""
    from bot.services import signing_in

    kept = {_email(role): secrets.token_urlsafe(PASSWORD_BYTES) for role, _ in STAFF}
    for email, password in kept.items():
        async with ctx.begin() as tx:
            code = await signing_in.new_activation(
                tx, await signing_in.staff_of_email(tx, email), email, "demo"
            )
        await signing_in.activate(ctx, email, code, password)
    file = folder / "sign-ins.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(kept), encoding="ascii")


def sign_ins(folder: Path) -> dict[str, str]:
    file = folder / "sign-ins.json"
    return dict(json.loads(file.read_text(encoding="ascii"))) if file.exists() else {}
