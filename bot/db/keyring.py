"""Keys: a master wraps one data key per person, a data key seals that person's values, one key makes look-ups.

AES-256-GCM throughout, with what a value is and where it stands as associated data: a ciphertext moved to another row
does not open. Keys never appear in a repr, a log or the database.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections import OrderedDict
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.errors import Misconfigured

NONCE_BYTES = 12
CACHED_KEYS = 10_000
_CHECK = b"suiyao key check"


class Keyring:
    """`masters`: name -> 32 bytes, newest first. `lookup` and `sealing` are separate keys of 32 bytes."""

    def __init__(self, masters: Mapping[str, bytes], lookup: bytes, sealing: bytes) -> None:
        self._masters = dict(masters)
        self._newest = next(iter(self._masters))
        self._lookup = lookup
        self._sealing = sealing
        self._open: OrderedDict[uuid.UUID, AESGCM] = OrderedDict()

    def __repr__(self) -> str:
        return f"Keyring(masters={list(self._masters)})"

    def new_data_key(self, key_id: uuid.UUID) -> bytes:
        """A fresh data key, wrapped under the newest master: `name 0x00 nonce ciphertext`."""
        plain = AESGCM.generate_key(256)
        self._remember(key_id, plain)
        return self._wrap(plain, key_id.bytes)

    def unlock(self, key_id: uuid.UUID, wrapped: bytes) -> None:
        """Open a wrapped data key and remember it. Raises Misconfigured when no master opens it."""
        self._remember(key_id, self._unwrap(wrapped, key_id.bytes))

    def newest_mark(self) -> bytes:
        """How everything begins that is wrapped under the master that wraps now."""
        return self._newest.encode() + b"\0"

    def rewrap(self, key_id: uuid.UUID, wrapped: bytes) -> bytes:
        """The same data key under the newest master. Raises Misconfigured when no master opens it."""
        return self._wrap(self._unwrap(wrapped, key_id.bytes), key_id.bytes)

    def knows(self, key_id: uuid.UUID) -> bool:
        return key_id in self._open

    def forget(self, key_id: uuid.UUID) -> None:
        self._open.pop(key_id, None)

    def seal(self, key_id: uuid.UUID, sealed_id: uuid.UUID, kind: str, value: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._open[key_id].encrypt(nonce, value, _place(sealed_id, kind))

    def unseal(self, key_id: uuid.UUID, sealed_id: uuid.UUID, kind: str, sealed: bytes) -> bytes:
        """Raises cryptography's InvalidTag when the value was altered or stands in another row."""
        cipher = self._open[key_id]
        self._open.move_to_end(key_id)
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(sealed_id, kind))

    def lookup(self, kind: str, value: str) -> bytes:
        """The same value gives the same 32 bytes, and nobody without the key can try values."""
        return hmac.new(self._lookup, f"{kind}\0{value}".encode(), hashlib.sha256).digest()

    def sign(self, message: bytes) -> bytes:
        return hmac.new(self._sealing, message, hashlib.sha256).digest()

    def check_word(self) -> bytes:
        """What a database keeps so that a wrong key is found at start."""
        return self._wrap(_CHECK + self.lookup("check", "") + self.sign(_CHECK), b"check")

    def verify(self, check_word: bytes) -> None:
        """Raises Misconfigured unless these are the keys that made `check_word`."""
        expected = _CHECK + self.lookup("check", "") + self.sign(_CHECK)
        if not hmac.compare_digest(self._unwrap(check_word, b"check"), expected):
            raise Misconfigured(
                "SUIYAO_KEYS: the lookup or seal key is not the one this database was made with"
            )

    def _remember(self, key_id: uuid.UUID, plain: bytes) -> None:
        self._open[key_id] = AESGCM(plain)
        while len(self._open) > CACHED_KEYS:
            self._open.popitem(last=False)

    def _wrap(self, plain: bytes, place: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        name = self._newest.encode()
        return name + b"\0" + nonce + AESGCM(self._masters[self._newest]).encrypt(nonce, plain, place)

    def _unwrap(self, wrapped: bytes, place: bytes) -> bytes:
        name, _, rest = wrapped.partition(b"\0")
        master = self._masters.get(name.decode())
        if master is None:
            raise Misconfigured(
                f"SUIYAO_KEYS: the key named {name.decode()!r}, which this database needs, is missing"
            )
        try:
            return AESGCM(master).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place)
        except InvalidTag:
            raise Misconfigured(
                f"SUIYAO_KEYS: {name.decode()!r} is not the key that this database was made with"
            ) from None


def _place(sealed_id: uuid.UUID, kind: str) -> bytes:
    return b"sealed:" + kind.encode() + b":" + sealed_id.bytes
