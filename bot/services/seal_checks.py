"""Do the chains still begin as they were sealed, and is every seal there? Each seal asks only for what is new in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Row, Text, bindparam, cast, func, or_, select

from bot.db.audit import AuditEntry, AuditHead, Seal
from bot.db.built import spread
from bot.services import seal_form
from bot.services.context import Tx

# No transaction is open for so long: what is dated before a seal by more, and is not in it, was slipped in afterwards.
LONGEST_OPEN = timedelta(hours=1)
BY_COMMAND = "cli"  # commands write also while nothing is serving, and only who serves makes seals
GONE = b""

_GIVEN = spread({"chain": Text(), "after": BigInteger(), "upto": BigInteger()})
_OF_CHAIN = (AuditEntry.chain == _GIVEN.c.chain) & (AuditEntry.seq > _GIVEN.c.after)
# Of each chain the entry `upto`, and what lies between and is dated too early.
_LOOK = (
    select(AuditEntry.chain, AuditEntry.seq, AuditEntry.at, AuditEntry.hash, _GIVEN.c.upto)
    .join(_GIVEN, _OF_CHAIN & (AuditEntry.seq <= _GIVEN.c.upto))
    .where(
        or_(
            AuditEntry.seq == _GIVEN.c.upto, AuditEntry.at < bindparam("floor", type_=DateTime(timezone=True))
        )
    )
    .order_by(AuditEntry.chain, AuditEntry.seq)
)


@dataclass(slots=True)
class _Walk:
    """From seal to seal. `last`: chain -> its length at the seal before, and the hash that stands there now."""

    tx: Tx
    last: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    seal: Row[Any] | None = None
    changed: set[str] = field(default_factory=set)  # chains that have their line
    faults: list[str] = field(default_factory=list)

    def tell(self, chain: str, what: str) -> None:
        """Once for each chain: what follows a change does not fit either."""
        if chain not in self.changed:
            self.faults.append(f"{chain}: {what}")
        self.changed.add(chain)


async def verify_seals(tx: Tx) -> list[str]:
    """What is wrong with the seals and with what they cover, one line each."""
    days = list((await tx.execute(select(Seal.day).order_by(Seal.day))).scalars())
    missing = await _unsealed(tx, days)
    walk = _Walk(tx)
    for day in days:
        seal = await tx.first(select(Seal).where(Seal.day == day))
        if seal is None or not seal_form.is_signed(tx.ctx.keyring, seal):
            walk.faults.append(f"seal of {day}: its signature does not fit")
        elif not seal_form.is_bare(seal):
            covered = seal_form.opened(seal)
            if covered.after is not None and covered.after not in days:
                missing[covered.after] = f"it is gone; that of {day} was made after it"
            await _compare(walk, seal, covered)
        elif walk.seal is not None:
            walk.faults.append(f"seal of {day}: it has the form of those before {walk.seal.day}")
    heads = await tx.all(select(AuditHead.chain, AuditHead.seq))
    await _look(walk, {row.chain: row.seq for row in heads})
    return walk.faults + [f"seal of {day}: {what}" for day, what in sorted(missing.items())]


async def _unsealed(tx: Tx, days: list[date]) -> dict[date, str]:
    """Days before today on which whoever serves wrote something, and made no seal.

    A backup may have been made in the first minutes of its last day, before that had its seal.
    """
    day = cast(AuditEntry.at, Date)
    today = datetime.combine(tx.now.date(), time(), UTC)
    written = await tx.all(
        select(day.label("day"), func.count().label("entries"))
        .where(AuditEntry.at < today, AuditEntry.actor != BY_COMMAND)
        .group_by(day)
    )
    restored = select(AuditEntry.detail["since"].astext.label("since"))
    restored = restored.where(AuditEntry.chain == "system", AuditEntry.action == "restored")
    excused = {str(row.since)[:10] for row in await tx.all(restored)} | {str(one) for one in days}
    return {
        row.day: f"there is none, and {row.entries} entries are of that day"
        for row in written
        if str(row.day) not in excused
    }


async def _compare(walk: _Walk, seal: Row[Any], covered: seal_form.Covered) -> None:
    grown = {
        chain: seq for chain, (seq, _) in covered.heads.items() if walk.last.get(chain, (0, GONE))[0] != seq
    }
    found = await _look(walk, grown)
    walk.last |= {chain: (seq, found.get(chain, GONE)) for chain, seq in grown.items()}
    walk.seal = seal
    for chain, (seq, mark) in covered.heads.items():
        last = walk.last[chain][1]
        if last == GONE:
            walk.tell(chain, f"entry {seq} is missing, with which it was sealed on {seal.day}")
        elif last[: seal_form.MARK] != mark:
            walk.tell(chain, f"its first {seq} entries are not those that were sealed on {seal.day}")
    if not walk.changed & covered.heads.keys():
        now = {chain: walk.last[chain] for chain in covered.heads}
        if seal_form.digest_of(now) != covered.digest:
            walk.faults.append(f"seal of {seal.day}: the chains are not those that were sealed")


async def _look(walk: _Walk, upto: Mapping[str, int]) -> dict[str, bytes]:
    """The hash with which each chain has this length. Says what is new since the seal before and dated before it."""
    values = {
        "chain": list(upto),
        "after": [walk.last.get(chain, (0, GONE))[0] for chain in upto],
        "upto": list(upto.values()),
        "floor": walk.seal.sealed_at - LONGEST_OPEN if walk.seal else datetime.min.replace(tzinfo=UTC),
    }
    rows = (await walk.tx.execute(_LOOK, values)).all()
    if walk.seal is not None:
        for row in rows:
            if row.at < values["floor"]:
                told = f"entry {row.seq} is dated {row.at:%Y-%m-%dT%H:%M:%SZ}"
                walk.tell(row.chain, f"{told}, and was not there when {walk.seal.day} was sealed")
    return {row.chain: row.hash for row in rows if row.seq == row.upto}
