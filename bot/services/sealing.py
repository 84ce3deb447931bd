"""Keep a value so that only a holder of the person's key can read it. No other service writes personal data."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Executable,
    Select,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from bot.db.built import Listed, built
from bot.db.privacy import DataKey, Sealed
from bot.errors import Refused
from bot.services.context import Tx

STRANGERS_KEPT = timedelta(days=7)
LONGEST_NOTE = 10_000  # characters


async def new_key(tx: Tx, scope: str, lives: timedelta | None = None) -> uuid.UUID:
    key_id = uuid.uuid4()
    wrapped = tx.ctx.keyring.new_data_key(key_id)
    expires_at = tx.now + lives if lives else None
    await tx.execute(
        insert(DataKey).values(
            key_id=key_id, scope=scope, wrapped=wrapped, created_at=tx.now, expires_at=expires_at
        )
    )
    return key_id


async def strangers_key(tx: Tx) -> uuid.UUID:
    """The key of people whom nobody has introduced yet: a new one each day, destroyed a week later."""
    found = await tx.scalar(
        select(DataKey.key_id)
        .where(DataKey.scope == "strangers", DataKey.wrapped.is_not(None))
        .where(DataKey.created_at > tx.now - timedelta(days=1))
        .order_by(DataKey.created_at.desc())
        .limit(1)
    )
    return found or await new_key(tx, "strangers", STRANGERS_KEPT + timedelta(days=1))


@built
def _wrapped(key_id: Any) -> Executable:
    return select(DataKey.wrapped).where(DataKey.key_id == key_id)


async def unlock(tx: Tx, key_id: uuid.UUID) -> bool:
    """False when the key has been destroyed: what it sealed is gone for good."""
    if tx.ctx.keyring.knows(key_id):
        return True
    wrapped = await tx.scalar(_wrapped(key_id))
    if wrapped is None:
        return False
    tx.ctx.keyring.unlock(key_id, wrapped)
    return True


_TABLE = Sealed.__table__
_KEPT = ("sealed_id", "key_id", "kind", "ciphertext", "created_at")
_KEEP = Listed(Sealed, _KEPT)


async def seal(tx: Tx, key_id: uuid.UUID, kind: str, value: str | bytes | dict[str, Any]) -> uuid.UUID:
    await unlock(tx, key_id)
    sealed_id = uuid.uuid4()
    ciphertext = tx.ctx.keyring.seal(key_id, sealed_id, kind, _bytes(value))
    values = (sealed_id, key_id, kind, ciphertext, tx.now)
    await tx.do(_KEEP, [dict(zip(_KEPT, values, strict=True))])
    return sealed_id


async def seal_note(tx: Tx, key_id: uuid.UUID, note: str) -> uuid.UUID | None:
    """Free words of staff; None where there are none. Raises Refused: what is too long is not cut, somebody shortens it."""
    if len(note) > LONGEST_NOTE:
        raise Refused("staff.note_long", limit=LONGEST_NOTE)
    return await seal(tx, key_id, "note", note) if note else None


def beside(row: CTE, at: ColumnElement[datetime]) -> CTE:
    """The sealed value of a row that the same statement inserts, as a second part of it; see `words` for its values."""
    given = (
        bindparam("words_key_id", type_=Sealed.key_id.type),
        bindparam("words_kind", type_=Sealed.kind.type),
        bindparam("words_ciphertext", type_=Sealed.ciphertext.type),
    )
    return insert(Sealed).from_select(list(_KEPT), select(row.c.sealed_id, *given, at)).cte("words")


WORDS: dict[str, ColumnElement[Any]] = {
    f"words_{name}": _TABLE.c[name] for name in ("key_id", "kind", "ciphertext")
}


def beside_all(rows: Select[Any]) -> CTE:
    """The same for many rows of a statement, each of which has `sealed_id`, `created_at` and what `words` returns."""
    given = rows.subquery()
    values = (given.c.sealed_id, *(given.c[name] for name in WORDS), given.c.created_at)
    return insert(Sealed).from_select(list(_KEPT), select(*values)).cte("words")


def words(
    tx: Tx, key_id: uuid.UUID, sealed_id: uuid.UUID, kind: str, value: bytes | dict[str, Any]
) -> dict[str, Any]:
    """The values of `beside`. The key has to be open."""
    ciphertext = tx.ctx.keyring.seal(key_id, sealed_id, kind, _bytes(value))
    return {"words_key_id": key_id, "words_kind": kind, "words_ciphertext": ciphertext}


_RESEAL = update(Sealed).where(Sealed.sealed_id == bindparam("sealed")).values(ciphertext=bindparam("new"))


async def reseal(tx: Tx, key_id: uuid.UUID, sealed_id: uuid.UUID, kind: str, value: dict[str, Any]) -> None:
    """Overwrite a value in place. The database allows it for the state of a conversation only."""
    await unlock(tx, key_id)
    ciphertext = tx.ctx.keyring.seal(key_id, sealed_id, kind, _bytes(value))
    await tx.do(_RESEAL, [{"sealed": sealed_id, "new": ciphertext}])


@built
def _sealed(sealed_id: Any) -> Executable:
    return select(Sealed.key_id, Sealed.kind, Sealed.ciphertext).where(Sealed.sealed_id == sealed_id)


async def unseal(tx: Tx, sealed_id: uuid.UUID) -> bytes | None:
    """None when the person's key has been destroyed."""
    row = await tx.first(_sealed(sealed_id))
    return None if row is None else await unsealed(tx, sealed_id, row.key_id, row.kind, row.ciphertext)


async def unsealed(
    tx: Tx, sealed_id: uuid.UUID, key_id: uuid.UUID | None, kind: str, ciphertext: bytes | None
) -> bytes | None:
    """The same of a value that was read along with its row; nulls where the value is gone."""
    if key_id is None or ciphertext is None or not await unlock(tx, key_id):
        return None
    return tx.ctx.keyring.unseal(key_id, sealed_id, kind, ciphertext)


async def unseal_text(tx: Tx, sealed_id: uuid.UUID | None) -> str:
    value = await unseal(tx, sealed_id) if sealed_id else None
    return "" if value is None else value.decode()


async def unseal_json(tx: Tx, sealed_id: uuid.UUID) -> dict[str, Any]:
    value = await unseal(tx, sealed_id)
    return {} if value is None else dict(json.loads(value))


async def forget_strangers(tx: Tx) -> int:
    """Destroy strangers' keys past their day, and what they sealed. Returns the number of keys."""
    expired = (
        await tx.execute(
            select(DataKey.key_id).where(
                DataKey.scope == "strangers", DataKey.wrapped.is_not(None), DataKey.expires_at <= tx.now
            )
        )
    ).scalars()
    keys = list(expired)
    for key_id in keys:
        await destroy_key(tx, key_id)
        await tx.execute(delete(Sealed).where(Sealed.key_id == key_id))
    return len(keys)


async def destroy_key(tx: Tx, key_id: uuid.UUID) -> None:
    await tx.execute(
        update(DataKey).where(DataKey.key_id == key_id).values(wrapped=None, destroyed_at=tx.now)
    )
    tx.ctx.keyring.forget(key_id)


def _bytes(value: str | bytes | dict[str, Any]) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
