"""E-mail, for staff: neutral words and a link. Must never carry a name, a symptom or a participant's words.

One recipient per message, so that a refusal speaks of one person only. Retries nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from bot.errors import Misconfigured, NotSent, Rejected, SendError, Unclear, Unreachable
from bot.messages import Outbound

_ADDRESS = re.compile(r"[!-;=?A-~]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")  # printable ASCII without < > @
_KEY = re.compile(r"[A-Za-z0-9.-]{1,64}")
_USUAL_PORTS = {"smtp": 25, "smtps": 465}
ACCOUNT = "staff"  # not the sender's address: a changed SUIYAO_MAIL_FROM must not leave alerts behind that nobody sends


class EmailChannel:
    """One mail relay. Encrypts with smtps://, and with smtp:// whenever the relay offers STARTTLS.

    With a user name in `smtp_url` STARTTLS is demanded: a password never travels in clear.
    """

    name = "email"
    account = ACCOUNT
    can_push = True
    can_edit = False

    def __init__(self, smtp_url: str, mail_from: str, *, timeout: float = 30.0) -> None:
        """`timeout` in seconds for each step. Raises Misconfigured, which never quotes the URL's password."""
        relay = urlsplit(smtp_url)
        if relay.scheme not in _USUAL_PORTS or not relay.hostname:
            raise Misconfigured(
                "SUIYAO_SMTP_URL: not of the form smtp://user:password@host:port or smtps://..."
            )
        self._sender = parseaddr(mail_from)[1]
        if not _ADDRESS.fullmatch(self._sender) or not mail_from.isprintable():
            raise Misconfigured("SUIYAO_MAIL_FROM: not an e-mail address")
        self._from, self._relay, self._timeout = mail_from, relay, timeout
        self._domain = self._sender.rpartition("@")[2]

    async def send(self, outbound: Outbound) -> str:
        """The Message-ID, made of `message_key`: a mail that is sent again carries the same one."""
        if not _ADDRESS.fullmatch(outbound.address):
            raise Rejected("bad_address")
        message = self._message(outbound)
        client = _client(self._relay, self._domain, self._timeout)
        try:
            await self._before_data(client, outbound.address)
            await self._data(client, message.as_bytes())
        finally:
            await _leave(client)
        return str(message["Message-ID"])

    async def _before_data(self, client: SMTP, address: str) -> None:
        """Whatever fails here, nothing was sent."""
        try:
            await client.connect()
            await client.mail(self._sender)
            await client.rcpt(address)
        except SMTPResponseException as error:
            raise _refused(error) from None
        except (SMTPException, OSError, TimeoutError) as error:
            unencrypted = isinstance(error, SMTPException) and "STARTTLS" in error.message
            raise NotSent("mail_no_encryption" if unencrypted else "mail_connect_failed") from None

    async def _data(self, client: SMTP, content: bytes) -> None:
        """A relay that falls silent here may have taken the message."""
        try:
            await client.data(content)
        except SMTPDataError as error:
            raise _refused(error) from None
        except (SMTPException, OSError, TimeoutError):
            raise Unclear("mail_no_answer") from None

    def _message(self, outbound: Outbound) -> EmailMessage:
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"], message["To"] = self._from, outbound.address
        message["Subject"] = " ".join(outbound.subject.split())  # one line, whatever it was made of
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{_key(outbound.message_key)}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"  # asks holiday responders to stay quiet
        links = [f"{choice.label}\n{choice.url}" for choice in outbound.choices if choice.url]
        message.set_content("\n\n".join([outbound.text, *links]) + "\n", charset="utf-8", cte="base64")
        return message


def _client(relay: SplitResult, domain: str, timeout: float) -> SMTP:
    user = unquote(relay.username or "") or None
    return SMTP(
        hostname=relay.hostname,
        port=relay.port or _USUAL_PORTS[relay.scheme],
        username=user,
        password=unquote(relay.password or "") if user else None,
        local_hostname=domain,  # otherwise the machine's own name is looked up, and told
        use_tls=relay.scheme == "smtps",
        start_tls=True if user and relay.scheme == "smtp" else None,
        timeout=timeout,
    )


async def _leave(client: SMTP) -> None:
    """Say goodbye; the message's fate is known by now, so a rude relay changes nothing."""
    if client.is_connected:
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            await client.quit(timeout=2.0)
    client.close()


def _refused(error: SMTPResponseException) -> SendError:
    """4xx asks to come back; 5xx is final: a recipient's mailbox is closed, or this message is refused."""
    code = f"smtp_{error.code}"
    if isinstance(error, SMTPAuthenticationError):
        return NotSent(
            "mail_login_refused"
        )  # our own fault: the message waits until the password is put right
    if not 400 <= error.code < 600:  # no answer that SMTP knows
        return (
            Unclear("mail_no_answer") if isinstance(error, SMTPDataError) else NotSent("mail_connect_failed")
        )
    if error.code < 500:
        return NotSent(code)
    if isinstance(error, SMTPRecipientRefused):
        return Unreachable(code)
    return Rejected(code) if isinstance(error, SMTPSenderRefused | SMTPDataError) else NotSent(code)


def _key(message_key: str) -> str:
    """The local part of the Message-ID: the key itself where it is plain, otherwise its digest."""
    return (
        message_key if _KEY.fullmatch(message_key) else hashlib.sha256(message_key.encode()).hexdigest()[:32]
    )
