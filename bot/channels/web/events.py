"""Live news for an open page: server-sent events that say only "there is something new", never what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

# Proxies and phone networks close silent connections, often after 30 or 60 s.
KEEP_ALIVE_SECONDS = 20.0


async def stream(
    changes: AsyncIterator[None], keep_alive_seconds: float = KEEP_ALIVE_SECONDS
) -> AsyncGenerator[bytes, None]:
    """Several changes at once become one line. Ends when `changes` ends; the browser comes back by itself."""
    wake = asyncio.Event()
    listener = asyncio.create_task(_listen(changes, wake))
    try:
        yield b"retry: 3000\n\n"
        while True:
            try:
                await asyncio.wait_for(wake.wait(), keep_alive_seconds)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if listener.done():
                listener.result()  # a failure is a bug: it is raised here, and the browser tries again
                return
            wake.clear()
            yield b"data: new\n\n"
    finally:
        listener.cancel()


async def _listen(changes: AsyncIterator[None], wake: asyncio.Event) -> None:
    """Owns the iterator: cancelling this task ends it at its own await, where it can clean up."""
    try:
        async for _ in changes:
            wake.set()
    finally:
        # After this task is done, so that the reader sees both.
        asyncio.get_running_loop().call_soon(wake.set)
