"""The forms a setting may have: addresses and keys. A ValueError says what is wrong, never the value."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

DATABASE_OPTIONS = frozenset({"host", "port", "ssl", "sslmode", "application_name"})


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Keys of 32 bytes each. `masters` by name, newest first: the first encrypts, all decrypt."""

    masters: Mapping[str, bytes]
    lookup: bytes  # keyed hashes of addresses and invitations
    seal: bytes  # signs the daily seal over the audit chains

    def __repr__(self) -> str:
        return f"Keys({', '.join(self.masters)}, lookup, seal)"


def _split(url: str) -> SplitResult:
    """urlsplit's own messages quote parts of the address, which may be a password: say it without."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        raise ValueError("not a valid address (special characters in a password need %-encoding)") from None
    return parts


def check_database_url(url: str) -> str:
    parts = _split(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("must begin with postgresql://")
    if not parts.path.strip("/"):
        raise ValueError("must name a database: postgresql://role:password@host:port/database")
    unknown = {name for name, _ in parse_qsl(parts.query)} - DATABASE_OPTIONS
    if unknown:
        raise ValueError(f"knows only the options {', '.join(sorted(DATABASE_OPTIONS))}")
    return url


def check_server_url(url: str) -> str:
    parts = _split(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be http:// or https:// with a host")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("must be scheme, host and port only")
    return url.rstrip("/")


def check_smtp_url(url: str) -> str:
    parts = _split(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("must be smtp://user:password@host:port or smtps://...")
    return url


def parse_keys(text: object) -> object:
    """`name=base64,...` to Keys. Raises ValueError naming the key, never showing it."""
    if not isinstance(text, str):
        return text
    found: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, encoded = entry.partition("=")
        if not re.fullmatch(r"master-[0-9]{1,6}|lookup|seal", name):
            raise ValueError("has an entry that is not master-<number>, lookup or seal")
        if name in found:
            raise ValueError(f"names {name} twice")
        found[name] = _key(name, encoded)
    masters = {name: key for name, key in found.items() if name.startswith("master-")}
    missing = [name for name in ("lookup", "seal") if name not in found] + ([] if masters else ["master-1"])
    if missing:
        raise ValueError(f"lacks {', '.join(missing)}")
    if len(set(found.values())) < len(found):
        raise ValueError("uses one key under two names")
    return Keys(masters, found["lookup"], found["seal"])


def _key(name: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError(f"{name} is not base64") from None
    if len(key) != 32:
        raise ValueError(f"{name} is {len(key)} bytes long, not 32")
    return key


def asyncpg_url(url: str) -> str:
    """`postgresql://...` in the form that SQLAlchemy takes for asyncpg, whose `sslmode` is called `ssl`."""
    if not url:
        return ""
    parts = urlsplit(url)
    options = [("ssl" if name == "sslmode" else name, value) for name, value in parse_qsl(parts.query)]
    query = f"?{urlencode(options, safe='/')}" if options else ""
    return f"postgresql+asyncpg://{parts.netloc}{parts.path}{query}"
