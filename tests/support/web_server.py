"""The phone page on a real port of this machine, for a real browser."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from tests.support.web_backend import MemoryBackend
from tests.support.web_visitor import app_of


@asynccontextmanager
async def served(backend: MemoryBackend) -> AsyncIterator[str]:
    """The address of the page, on the test's own event loop."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # a browser that comes early waits in line
    config = uvicorn.Config(
        app_of(backend, secure=False), log_config=None, ws="none", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await running
    listener.close()
