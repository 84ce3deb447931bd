"""What must hold before a real participant: nothing invented, nothing unsigned, nobody half locked out, nothing unsaved."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from bot.app.app import App
from bot.db.access import StaffLogin
from bot.db.sites import StaffMember
from bot.services import deployment, rule_signatures
from bot.settings import Settings

BACKUP_AGE = timedelta(days=2)


async def live_faults(app: App, settings: Settings, now: datetime) -> list[str]:
    """One line for each reason why this deployment is not ready for a study. `now`: the machine's own clock."""
    return [
        *_address(settings),
        *_backup(settings, now),
        *await _database(app),
    ]


def _address(settings: Settings) -> list[str]:
    faults = []
    if not settings.public_url.startswith("https://"):
        faults.append("SUIYAO_PUBLIC_URL: plain HTTP; words of patients would travel readable")
    if not settings.smtp_url:
        faults.append("SUIYAO_SMTP_URL: not set; alerts would reach nobody by mail")
    return faults


def _backup(settings: Settings, now: datetime) -> list[str]:
    """A file in the folder that is young enough. What is in it is tried by restoring it (docs/operations.md)."""
    if not settings.backups:
        return ["SUIYAO_BACKUPS: not set; nobody can see whether there is a backup"]
    folder = Path(settings.backups)
    try:
        ages = [now.timestamp() - one.stat().st_mtime for one in folder.iterdir() if one.is_file()]
    except OSError as problem:
        return [f"SUIYAO_BACKUPS: {folder} cannot be read ({problem.strerror})"]
    if not any(age <= BACKUP_AGE.total_seconds() for age in ages):
        return [f"SUIYAO_BACKUPS: no backup of the last {BACKUP_AGE.days} days in {folder}"]
    return []


async def _database(app: App) -> list[str]:
    faults = []
    mark = await deployment.mark(app.ctx)
    if mark != "live":
        faults.append(f"database: marked {mark}; its keys were made by a {mark}, not by the site")
    async with app.ctx.begin() as tx:
        for study in await rule_signatures.unsigned(tx):
            faults.append(f"rules of {study}: no investigator has signed them (console, Rules)")
        alone = await tx.scalar(
            select(func.count())
            .select_from(StaffMember)
            .join(StaffLogin, StaffLogin.staff_id == StaffMember.staff_id)
            .where(
                StaffMember.active, StaffLogin.password_hash.is_not(None), StaffLogin.totp_sealed.is_(None)
            )
        )
    if alone:
        faults.append(f"staff: {alone} active accounts sign in with a password alone")
    return faults
