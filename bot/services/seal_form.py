"""What a daily seal holds: a digest over all heads, what it takes to compute that again, and a signature over the row.

Heads move on, so the length of each chain is kept with the digest. A moment would not do: what began before it may be
committed after it.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from sqlalchemy import Row

from bot.db.keyring import Keyring

DIGEST = hashlib.sha256().digest_size
MARK = 4  # bytes of a head's hash that are kept: they name the chain that was changed, the digest proves it

Heads = Mapping[str, tuple[int, bytes]]  # chain -> its length, the hash of its last entry


@dataclass(frozen=True, slots=True)
class Covered:
    """What a seal covers. `after`: the day of the seal before it. Of the hashes in `heads` only the first MARK bytes."""

    after: date | None
    heads: Heads
    digest: bytes


def packed(heads: Heads, after: date | None) -> bytes:
    kept = {chain: (seq, last[:MARK].hex()) for chain, (seq, last) in heads.items()}
    told = json.dumps({"after": after and after.isoformat(), "heads": kept}, separators=(",", ":"))
    return digest_of(heads) + zlib.compress(told.encode())


def opened(seal: Row[Any]) -> Covered:
    """Of a seal that is signed and not bare."""
    told = json.loads(zlib.decompress(seal.digest[DIGEST:]))
    heads = {chain: (seq, bytes.fromhex(mark)) for chain, (seq, mark) in told["heads"].items()}
    after = date.fromisoformat(told["after"]) if told["after"] else None
    return Covered(after, heads, seal.digest[:DIGEST])


def digest_of(heads: Heads) -> bytes:
    """SHA-256 over chain, length and last hash of each, in the order given."""
    summary = hashlib.sha256()
    for chain, (seq, last) in heads.items():
        summary.update(f"{chain}\0{seq}\0".encode() + last)
    return summary.digest()


def signature(keyring: Keyring, seal: Mapping[str, Any]) -> bytes:
    """Over the whole row, so that no day can borrow another's."""
    at = seal["sealed_at"].astimezone(UTC).isoformat(timespec="microseconds")
    told = f"seal\0{seal['day']}\0{at}\0{seal['chains']}\0{seal['entries']}\0"
    return keyring.sign(told.encode() + seal["digest"])


def is_signed(keyring: Keyring, seal: Row[Any]) -> bool:
    expected = keyring.sign(seal.digest) if is_bare(seal) else signature(keyring, seal._asdict())
    return bool(expected == seal.signature)


def is_bare(seal: Row[Any]) -> bool:
    """Made before lengths were kept: a digest that nobody can compute again, and a signature over that alone."""
    return len(seal.digest) == DIGEST
