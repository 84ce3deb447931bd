"""Who sends from an address: the quick look-up of acceptance, where a stranger's contact is made when he first writes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.database import with_clock
from bot.db.keyring import Keyring
from bot.db.people import CareLink, Contact
from bot.db.privacy import DataKey
from bot.services import sealing
from bot.services.context import Tx


@dataclass(frozen=True, slots=True)
class Sender:
    """Just enough of a person to store what he sent: acceptance must be quick."""

    contact_id: int
    key_id: uuid.UUID
    correspondent_id: int | None
    participant_id: int | None

    @property
    def lock_key(self) -> int:
        return self.participant_id if self.participant_id is not None else -self.contact_id


SENDER = with_clock(
    select(
        Contact.contact_id,
        Contact.key_id,
        Contact.correspondent_id,
        CareLink.participant_id,
        DataKey.wrapped.is_(None).label("erased"),
    )
    .join(DataKey, DataKey.key_id == Contact.key_id)
    .outerjoin(
        CareLink, and_(CareLink.correspondent_id == Contact.correspondent_id, CareLink.until.is_(None))
    )
    .where(
        Contact.channel == bindparam("channel"),
        Contact.account == bindparam("account"),
        Contact.address_lookup == bindparam("lookup"),
    )
    .order_by(CareLink.care_link_id.desc())
    .limit(1)
)


def sought(keyring: Keyring, channel: str, account: str, address: str) -> dict[str, Any]:
    """What SENDER looks for."""
    lookup = keyring.lookup("address", f"{channel}\0{account}\0{address}")
    return {"channel": channel, "account": account, "lookup": lookup}


async def meet(tx: Tx, channel: str, account: str, address: str) -> Sender:
    """Who sends from this address; a stranger's contact is made when nobody has written from it before."""
    values = sought(tx.ctx.keyring, channel, account, address)
    return await met(tx, (await tx.execute(SENDER, values)).one(), values, address)


async def met(tx: Tx, row: Row[Any], values: dict[str, Any], address: str) -> Sender:
    """The same, where SENDER was asked before and `row` is what it found."""
    if row.contact_id is None:
        await _add_stranger(tx, address=address, **values)
        row = (await tx.execute(SENDER, values)).one()
    if row.erased:
        await _meet_again(tx, row.contact_id, address)
        row = (await tx.execute(SENDER, values)).one()
    return Sender(row.contact_id, row.key_id, row.correspondent_id, row.participant_id)


async def _add_stranger(tx: Tx, *, channel: str, account: str, address: str, lookup: bytes) -> None:
    key_id = await sealing.strangers_key(tx)
    await tx.execute(
        upsert(Contact)
        .values(
            channel=channel,
            account=account,
            address_lookup=lookup,
            address_sealed=await sealing.seal(tx, key_id, "address", address),
            key_id=key_id,
            state="stranger",
            created_at=tx.now,
        )
        .on_conflict_do_nothing()
    )


async def _meet_again(tx: Tx, contact_id: int, address: str) -> None:
    """Whose key was destroyed (a stranger of last week, a person who was erased) is nobody we know."""
    key_id = await sealing.strangers_key(tx)
    await tx.execute(
        update(Contact)
        .where(Contact.contact_id == contact_id)
        .values(
            key_id=key_id,
            address_sealed=await sealing.seal(tx, key_id, "address", address),
            correspondent_id=None,
            state="stranger",
            bound_at=None,
        )
    )
