"""Passwords of staff: argon2id with OWASP's least parameters or better, hashed off the event loop, a few at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from bot.errors import Refused

SHORTEST, LONGEST = 12, 256
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Somebody who asks for an unknown name waits as long as everybody else: this is the hash of no password.
_NOBODY = _HASHER.hash("there is no such person")
# Threads of their own: memory for a few hashes at a time, whoever asks for however many.
_THREADS = ThreadPoolExecutor(max_workers=3, thread_name_prefix="argon2")
# What people choose when twelve characters are asked for. A longer list belongs to the site's identity provider.
_USUAL = (
    "password",
    "passw0rd",
    "123456789",
    "qwertyuiop",
    "qwerty",
    "iloveyou",
    "woaini",
    "suiyao",
    "abc123",
)


def check(password: str, name: str) -> None:
    """Refused unless it is long enough and neither the name nor one of the usual ones, padded or repeated."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused("console.password.length", least=SHORTEST, most=LONGEST)
    plain = password.casefold()
    mailbox = name.casefold().partition("@")[0]
    rest = plain
    for usual in (*_USUAL, mailbox):
        rest = rest.replace(usual, "") if len(usual) >= 4 else rest
    if len(set(plain)) < 5 or len(rest) < 8:
        raise Refused("console.password.easy")


async def hashed(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def fits(password: str, password_hash: str | None) -> bool:
    """Whether it is the password. Takes as long when there is no hash to compare with."""
    loop = asyncio.get_running_loop()
    right = await loop.run_in_executor(_THREADS, _verify, password_hash or _NOBODY, password[:LONGEST])
    return right and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
