"""Signatures under the rules of a study: who approved which edition, when, and what that meant. Only ever added.

Unsigned rules run in a demonstration or a rehearsal. On a live database nobody is enrolled under them, and checks go on by
the last edition that was signed; before the first signature none is begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, insert, select

from bot.db.deployments import Deployment
from bot.db.rules import RuleSignature
from bot.db.sites import StaffMember
from bot.errors import Refused
from bot.services import rule_sets, sealing
from bot.services.auditing import note_down
from bot.services.context import Tx
from schedules.localtime import local

if TYPE_CHECKING:
    from bot.services.access import Session

MEANING = "approved"  # reviewed, and approved for the participants of this study


@dataclass(frozen=True, slots=True)
class Waiting:
    """A study whose newest rules nobody has signed, and the edition that runs instead on a live database (none: empty)."""

    study: str
    signed_on: date | None
    edition: str


async def sign(tx: Tx, session: Session, study: str, seen_hash: str) -> None:
    """By an investigator who has just given the password again. `seen_hash`: the edition that was read. Raises Refused."""
    if study not in tx.ctx.book.names("study"):
        raise Refused("console.no_such_study")
    rules = rule_sets.in_force(tx, study)
    if seen_hash != rules.hash:
        raise Refused("console.rules.changed")
    if await standing(tx, study) is not None:
        return
    key_id = await tx.scalar(select(StaffMember.key_id).where(StaffMember.staff_id == session.staff_id))
    await tx.execute(
        insert(RuleSignature).values(
            study=study,
            rules_hash=rules.hash,
            parts=dict(rules.parts),
            staff_id=session.staff_id,
            name_sealed=await sealing.seal(tx, key_id, "name", session.name),
            meaning=MEANING,
            signed_at=tx.now,
        )
    )
    note_down(
        tx, session.actor, session.actor, "rules_signed", study=study, rules=rules.hash, meaning=MEANING
    )


async def standing(tx: Tx, study: str) -> Row[Any] | None:
    """The signature under the rules as they are now; None: unsigned."""
    return await tx.first(
        select(RuleSignature)
        .where(RuleSignature.study == study, RuleSignature.rules_hash == rule_sets.in_force(tx, study).hash)
        .order_by(RuleSignature.rule_signature_id)
        .limit(1)
    )


async def history(tx: Tx, study: str) -> list[tuple[Row[Any], str]]:
    """Every signature of a study with the signer's name as it was then, the newest first."""
    rows = await tx.all(
        select(RuleSignature)
        .where(RuleSignature.study == study)
        .order_by(RuleSignature.rule_signature_id.desc())
    )
    return [(row, await sealing.unseal_text(tx, row.name_sealed) or "") for row in rows]


async def unsigned(tx: Tx) -> tuple[str, ...]:
    """Studies whose rules nobody has signed as they are now."""
    studies = tx.ctx.book.names("study")
    hashes = {name: rule_sets.in_force(tx, name).hash for name in studies}
    signed = {
        row.rules_hash
        for row in await tx.all(
            select(RuleSignature.rules_hash).where(RuleSignature.rules_hash.in_(hashes.values()))
        )
    }
    return tuple(name for name, found in hashes.items() if found not in signed)


async def waiting(tx: Tx) -> tuple[Waiting, ...]:
    """What every page of the console says of editions that nobody has signed."""
    found = []
    for study in await unsigned(tx):
        rules = rule_sets.in_force(tx, study)
        row = await rule_sets.last_signed(tx, study, rules.hash)
        signed_on = local(row.signed_at, rules.study.timezone).date() if row else None
        found.append(Waiting(study, signed_on, row.rules_hash[:12] if row else ""))
    return tuple(found)


async def may_enrol(tx: Tx, study: str) -> bool:
    """Whether people may be taken in under the rules as they are now."""
    return not await _live(tx) or await standing(tx, study) is not None


async def may_run(tx: Tx, study: str) -> bool:
    """Whether there is an edition by which the people of this database may be asked."""
    return not await _live(tx) or await rule_sets.last_signed(tx, study, "") is not None


async def _live(tx: Tx) -> bool:
    return bool(await tx.scalar(select(Deployment.mark)) == "live")
