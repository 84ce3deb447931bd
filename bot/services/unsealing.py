"""Read many sealed values in one statement: a page never asks once per row. Nothing is sealed here."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from bot.db.privacy import DataKey, Sealed
from bot.services.access import open_bytes
from bot.services.context import Tx

# One array instead of a list of values: the same statement, however many there are.
_SEALED = (
    select(Sealed.sealed_id, Sealed.kind, Sealed.ciphertext, DataKey.key_id, DataKey.wrapped)
    .join(DataKey, DataKey.key_id == Sealed.key_id)
    .where(Sealed.sealed_id == any_(bindparam("wanted", type_=ARRAY(Uuid))))
)


async def bytes_of(tx: Tx, sealed_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID | None, bytes]:
    """By id. What is missing was not there, has lost its key, or lies behind another site's wall."""
    wanted = sorted({one for one in sealed_ids if one is not None}, key=str)
    if not wanted:
        return {}
    rows = (await tx.execute(_SEALED, {"wanted": wanted})).all()
    opened = {row.sealed_id: open_bytes(tx, row) for row in rows}
    return {sealed_id: value for sealed_id, value in opened.items() if value is not None}


async def texts(tx: Tx, sealed_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    found = await bytes_of(tx, sealed_ids)
    return {sealed_id: value.decode("utf-8", "replace") for sealed_id, value in found.items()}


async def contents(tx: Tx, sealed_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID | None, dict[str, Any]]:
    """Values that were sealed as JSON objects."""
    found = await bytes_of(tx, sealed_ids)
    return {sealed_id: dict(json.loads(value)) for sealed_id, value in found.items()}
