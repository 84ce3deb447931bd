"""Who did what to whom, in hash chains that show any later change. Details carry ids and keyed hashes, never words."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ARRAY, Executable, Text, bindparam, cast, func, insert, outerjoin, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.audit import AuditEntry, AuditHead
from bot.db.built import built
from bot.services.context import Tx

GENESIS = bytes(32)
PAGE, PAGE_CHANNEL = "page:", "suiyao_page"


def note_down(tx: Tx, chain: str, actor: str, action: str, **detail: Any) -> None:
    """Append to a chain when this transaction commits. `chain`: participant:12, staff:3, system."""
    tx.audit.append((chain, actor, action, detail))


def of_participant(tx: Tx, participant_id: int, actor: str, action: str, **detail: Any) -> None:
    note_down(tx, f"participant:{participant_id}", actor, action, **detail)


async def at_commit(tx: Tx) -> None:
    """Chain the entries gathered in this transaction, and tell other processes which pages have news."""
    await write(tx)
    pages = sorted(name.removeprefix(PAGE) for name in tx.woken if name.startswith(PAGE))
    if pages:
        await tx.execute(_news(pages))


async def write(tx: Tx) -> None:
    """Chains are locked in order of name, so that none waits in a ring."""
    for chain in sorted({entry[0] for entry in tx.audit}):
        await _extend(tx, chain, [entry for entry in tx.audit if entry[0] == chain])
    tx.audit.clear()


_ENTRIES = insert(AuditEntry)


@built
def _news(contact_ids: Any) -> Executable:
    return select(func.pg_notify(PAGE_CHANNEL, func.unnest(cast(contact_ids, ARRAY(Text)))))


_NEW_HEAD = (
    update(AuditHead)
    .where(AuditHead.chain == bindparam("of"))
    .values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))
)


@built
def _locked_head(chain: Any) -> Executable:
    return select(AuditHead).where(AuditHead.chain == chain).with_for_update()


async def _extend(tx: Tx, chain: str, entries: list[tuple[str, str, str, dict[str, Any]]]) -> None:
    seq, previous = await _head(tx, chain)
    rows = []
    for _, actor, action, detail in entries:
        seq += 1
        previous = link(previous, chain, seq, tx.now, actor, action, detail)
        rows.append(
            {
                "chain": chain,
                "seq": seq,
                "at": tx.now,
                "actor": actor,
                "action": action,
                "detail": detail,
                "hash": previous,
            }
        )
    await tx.do(_ENTRIES, rows)
    await tx.do(_NEW_HEAD, [{"of": chain, "new_seq": seq, "new_hash": previous}])


async def _head(tx: Tx, chain: str) -> tuple[int, bytes]:
    head = await tx.first(_locked_head(chain))
    if head is not None:
        return head.seq, head.hash
    # The first entry of a chain: make the head, so that two first writers wait for each other instead of colliding.
    await tx.execute(
        upsert(AuditHead)
        .values(chain=chain, seq=0, hash=GENESIS)
        .on_conflict_do_nothing(index_elements=["chain"])
    )
    head = await tx.first(_locked_head(chain))
    assert head is not None
    return head.seq, head.hash


def link(
    previous: bytes, chain: str, seq: int, at: datetime, actor: str, action: str, detail: dict[str, Any]
) -> bytes:
    """SHA-256 over the previous hash and the entry in canonical form (sorted keys, UTF-8, UTC microseconds)."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    canonical = json.dumps(
        [chain, seq, instant, actor, action, detail],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(previous + canonical.encode()).digest()


async def verify_chain(tx: Tx, chain: str) -> str | None:
    """None when every link and the length hold, otherwise what is wrong and where. One look: others may be writing."""
    previous, seq, head = GENESIS, 0, None
    for row in await tx.all(_with_head(chain)):
        head = row.length, row.last
        if row.seq is None:
            break  # a head without entries
        seq += 1
        if row.seq != seq:
            return f"{chain}: entry {seq} is missing"
        previous = link(previous, chain, seq, row.at, row.actor, row.action, row.detail)
        if previous != row.hash:
            return f"{chain}: entry {seq} was altered"
    return None if head == (seq, previous) else f"{chain}: its end does not match its head"


def _with_head(chain: str) -> Executable:
    length, last = AuditHead.seq.label("length"), AuditHead.hash.label("last")
    both = outerjoin(AuditHead, AuditEntry, AuditEntry.chain == AuditHead.chain)
    query = select(length, last, *AuditEntry.__table__.columns).select_from(both)
    return query.where(AuditHead.chain == chain).order_by(AuditEntry.seq)
