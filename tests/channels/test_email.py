"""E-mail against a real SMTP server on loopback: what arrives, and what each refusal means."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.channels.email import EmailChannel
from bot.errors import Misconfigured, NotSent, Rejected, SendError, Unclear, Unreachable
from bot.messages import Choice, Outbound, Press

FROM = "Suiyao <suiyao@hospital.example>"
NURSE = "nurse@hospital.example"
ALERT = Outbound(
    NURSE,
    "S01-007：需要尽快查看。",
    (Choice("打开", url="https://page.example/alerts/5"), Choice("no link", Press("t", "a"))),
    subject="随药：一条待处理事项",
    message_key="alert-5-1",
)


@dataclass
class Relay:
    """Answers that are ordered, by step; what it took is in `taken`."""

    answers: dict[str, str] = field(default_factory=dict)
    taken: list[EmailMessage] = field(default_factory=list)
    senders: list[tuple[str, list[str]]] = field(default_factory=list)
    hang: asyncio.Event | None = None

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(message, EmailMessage)
        if self.hang is not None:
            await self.hang.wait()
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            self.taken.append(message)
            self.senders.append((envelope.mail_from or "", envelope.rcpt_tos))
        return answer

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.answers.get("QUIT", "221 Bye")


@dataclass
class Served:
    relay: Relay
    url: str


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    relay = Relay()
    loop, lines = asyncio.get_running_loop(), []

    def line() -> SMTP:
        lines.append(SMTP(relay, loop=loop))
        return lines[-1]

    server: Any = await loop.create_server(line, "127.0.0.1", 0)
    yield Served(relay, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    if relay.hang is not None:
        relay.hang.set()
    server.close()
    for open_line in lines:
        if open_line.transport is not None:
            open_line.transport.close()
    await asyncio.sleep(0.01)  # the loop closes the sockets in its next rounds


async def test_what_arrives(served: Served) -> None:
    channel = EmailChannel(served.url, FROM)
    sent = await channel.send(ALERT)
    [mail] = served.relay.taken
    assert served.relay.senders == [("suiyao@hospital.example", [NURSE])]
    assert mail["Subject"] == "随药：一条待处理事项"
    assert mail["From"] == FROM
    assert mail["To"] == NURSE
    assert mail["Message-ID"] == sent == "<alert-5-1@hospital.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.tzinfo is not None
    assert mail.get_content_type() == "text/plain"
    text = "S01-007：需要尽快查看。\n\n打开\nhttps://page.example/alerts/5\n"
    assert mail.get_content().replace("\r\n", "\n") == text


async def test_a_mail_sent_again_carries_the_same_id(served: Served) -> None:
    channel = EmailChannel(served.url, FROM)
    assert await channel.send(ALERT) == await channel.send(ALERT)
    odd = Outbound(NURSE, "x", message_key="a key > with\nodd signs")
    assert await channel.send(odd) == await channel.send(odd) != await channel.send(ALERT)


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y.example", "a\nb", "a\r b", "\n\n"])
async def test_a_subject_is_one_line(subject: str, served: Served) -> None:
    await EmailChannel(served.url, FROM).send(Outbound(NURSE, "x", subject=subject, message_key="k"))
    [mail] = served.relay.taken
    assert mail["Bcc"] is None
    assert mail["Subject"] == " ".join(subject.split())


@pytest.mark.parametrize(
    "address",
    ["", "nurse", "a@b\r\nRCPT TO:<c@d>", "a b@c.example", "a@b>c", "Nurse <a@b.example>", "护士@a.example"],
)
async def test_what_is_no_address_never_leaves(address: str, served: Served) -> None:
    with pytest.raises(Rejected, match="bad_address"):
        await EmailChannel(served.url, FROM).send(Outbound(address, "x"))
    assert not served.relay.taken


REFUSALS: dict[str, tuple[str, str, type[SendError], str]] = {
    "busy before the sender": ("MAIL", "451 later", NotSent, "smtp_451"),
    "sender not allowed": ("MAIL", "550 not you", Rejected, "smtp_550"),
    "mailbox busy": ("RCPT", "450 later", NotSent, "smtp_450"),
    "mailbox gone": ("RCPT", "550 nobody here", Unreachable, "smtp_550"),
    "busy after the message": ("DATA", "451 later", NotSent, "smtp_451"),
    "message refused": ("DATA", "554 no", Rejected, "smtp_554"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusal_in_class_out(name: str, served: Served) -> None:
    step, answer, kind, code = REFUSALS[name]
    served.relay.answers[step] = answer
    with pytest.raises(SendError) as failed:
        await EmailChannel(served.url, FROM).send(ALERT)
    assert (type(failed.value), failed.value.code) == (kind, code)
    assert NURSE not in str(failed.value)
    assert not served.relay.taken


async def test_a_rude_goodbye_changes_nothing(served: Served) -> None:
    served.relay.answers["QUIT"] = "500 what"
    assert await EmailChannel(served.url, FROM).send(ALERT)


async def test_silence_after_the_message_is_unclear(served: Served) -> None:
    served.relay.hang = asyncio.Event()
    with pytest.raises(Unclear, match="mail_no_answer"):
        await EmailChannel(served.url, FROM, timeout=0.2).send(ALERT)


async def test_nobody_listening_is_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        channel = EmailChannel(f"smtp://127.0.0.1:{unused.getsockname()[1]}", FROM)
        with pytest.raises(NotSent, match="mail_connect_failed"):
            await channel.send(ALERT)


@asynccontextmanager
async def saying(lines: list[bytes]) -> AsyncIterator[str]:
    """A server that says these lines, one first and one for each line it hears, then closes."""
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line)
            heard = await reader.readline()
            while line.startswith(b"354") and heard not in {b".\r\n", b""}:
                heard = await reader.readline()
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, asyncio.timeout(5):
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await ended.wait()


HELLO = [b"220 hello\r\n", b"250 relay\r\n"]
CUTS: dict[str, tuple[list[bytes], type[SendError], str]] = {
    "closed": ([b"421 full\r\n"], NotSent, "smtp_421"),
    "no SMTP": ([b"HTTP/1.1 400 Bad Request\r\n"], NotSent, "mail_connect_failed"),
    "cut before the message": ([*HELLO, b"250 OK\r\n"], NotSent, "mail_connect_failed"),
    "nonsense after the message": (
        [*HELLO, b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n", b"what\r\n"],
        Unclear,
        "mail_no_answer",
    ),
    "cut in the message": ([*HELLO, b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n"], Unclear, "mail_no_answer"),
}


@pytest.mark.parametrize("name", CUTS)
async def test_cut_in_class_out(name: str) -> None:
    lines, kind, code = CUTS[name]
    async with saying(lines) as url:
        with pytest.raises(SendError) as failed:
            await EmailChannel(url, FROM, timeout=5).send(ALERT)
    assert (type(failed.value), failed.value.code) == (kind, code)


async def test_a_password_never_travels_in_clear(served: Served) -> None:
    url = served.url.replace("smtp://", "smtp://user:p%40ss@")
    with pytest.raises(NotSent) as failed:
        await EmailChannel(url, FROM).send(ALERT)
    assert failed.value.code == "mail_no_encryption"
    assert not served.relay.taken


@pytest.mark.parametrize("url", ["", "mail.example:25", "http://mail.example", "smtp://"])
def test_a_wrong_url_is_one_line(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"^SUIYAO_SMTP_URL: [^\n]+$"):
        EmailChannel(url, FROM)


def test_a_wrong_url_does_not_quote_the_password() -> None:
    with pytest.raises(Misconfigured) as wrong:
        EmailChannel("pop://user:geheim@mail.example", FROM)
    assert "geheim" not in str(wrong.value)


@pytest.mark.parametrize("sender", ["", "Suiyao", "Suiyao <>", "a@b\r\nBcc: c@d.example"])
def test_a_wrong_sender_is_one_line(sender: str) -> None:
    with pytest.raises(Misconfigured, match=r"^SUIYAO_MAIL_FROM: [^\n]+$"):
        EmailChannel("smtp://mail.example", sender)


def test_who_the_channel_is() -> None:
    channel = EmailChannel("smtps://mail.example", FROM)
    about = (channel.name, channel.account, channel.can_push, channel.can_edit)
    assert about == ("email", "staff", True, False)
