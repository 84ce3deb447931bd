"""Reading a request's body within bounds."""

from __future__ import annotations

import re

from starlette.requests import Request

# What is too large is read to its end and thrown away up to this many times the limit: a sender that is cut off in
# the middle of sending never sees the answer, and a browser shows its own error page instead of our sentence.
_PATIENCE = 3
_DIGITS = re.compile("[0-9]{1,18}")  # Python refuses to read a number of thousands of digits


async def read_within(request: Request, limit: int) -> bytes | None:
    """The whole body, or None when it has more than `limit` bytes; never holds more than that.

    Raises starlette's ClientDisconnect when the sender leaves before the end.
    """
    declared = request.headers.get("content-length", "0")
    if not _DIGITS.fullmatch(declared) or int(declared) > limit * _PATIENCE:
        return None
    kept = bytearray()
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit * _PATIENCE:
            break
        if size <= limit:
            kept += piece
    return bytes(kept) if size <= limit else None
