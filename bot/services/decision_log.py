"""What staff decided about one participant, the latest first, each with its reason and its note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.db.people import StatusChange
from bot.db.regimens import CycleStart, DoseLevelChange, Hold, RegimenAssignment, Resume
from bot.services import unsealing
from bot.services.access import Session, note_read
from bot.services.context import Tx

TABLES: dict[str, Any] = {
    "cycle": CycleStart,
    "hold": Hold,
    "resume": Resume,
    "level": DoseLevelChange,
    "arm": RegimenAssignment,
    "status": StatusChange,
}
STATUS = {"active": "go_on", "paused": "pause", "ended": "end"}


@dataclass(frozen=True, slots=True)
class Made:
    """`what` as on the form; `about`: a drug, level, arm or cycle, as it is kept. `note` needs the right to read words."""

    what: str
    about: str
    effective_from: datetime
    recorded_at: datetime
    by: str
    reason: str
    note: str


async def made(tx: Tx, session: Session, participant_id: int) -> list[Made]:
    """Who may not read words sees that there is no note. Reading notes is written down."""
    rows: list[tuple[str, Row[Any]]] = []
    for what, table in TABLES.items():
        query = select(table).where(table.participant_id == participant_id, table.as_whom == "staff")
        rows += [(what, row) for row in await tx.all(query)]
    kept = [row.note_sealed for _, row in rows if row.note_sealed is not None]
    notes: dict[Any, str] = {}
    if kept and session.may("words"):
        notes = await unsealing.texts(tx, kept)
        note_read(tx, session, "words", [participant_id])
    rows.sort(key=lambda one: one[1].recorded_at, reverse=True)
    return [_made(what, row, notes.get(row.note_sealed, "")) for what, row in rows]


def _made(what: str, row: Row[Any], note: str) -> Made:
    return Made(
        what=STATUS[row.status] if what == "status" else what,
        about=_about(what, row),
        effective_from=row.effective_from,
        recorded_at=row.recorded_at,
        by=row.recorded_by,
        reason=row.reason or "",
        note=note,
    )


def _about(what: str, row: Row[Any]) -> str:
    if what == "cycle":
        return f"{row.cycle} ({row.local_date.isoformat()})"
    if what == "level":
        return f"{row.drug} {row.level}"
    if what == "hold":
        return row.drug or ""
    return str(row.arm) if what == "arm" else ""
