"""A mail server on loopback that keeps what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Postbox:
    """`arrived`: when each mail did, by the event loop's clock."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.arrived.append(asyncio.get_running_loop().time())
        return "250 OK"


@asynccontextmanager
async def postbox() -> AsyncIterator[Postbox]:
    box, lines, loop = Postbox(), list[SMTP](), asyncio.get_running_loop()

    def line() -> SMTP:
        lines.append(SMTP(box, loop=loop))
        return lines[-1]

    server = await loop.create_server(line, "127.0.0.1", 0)
    box.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield box
    finally:
        server.close()
        for open_line in lines:
            if open_line.transport is not None:
                open_line.transport.close()
        await asyncio.sleep(0.01)  # the loop closes the sockets in its next rounds
