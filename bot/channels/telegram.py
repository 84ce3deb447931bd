"""Telegram: sending, and the few calls around it. python-telegram-bot speaks the protocol and nothing more.

Keeps nothing between calls and retries nothing. Never logs or stores the token, an address or a text.
"""

from __future__ import annotations

import asyncio
import logging
import re

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message
from telegram.error import BadRequest, TelegramError

from bot.channels import telegram_media
from bot.channels.telegram_logs import quiet_logs
from bot.channels.telegram_updates import ALLOWED_UPDATES, NAME, account_of, callback_id, parse
from bot.channels.telegram_wire import meaning, wire
from bot.errors import Misconfigured, NotSent, Rejected, SendError, Unclear
from bot.messages import Choice, Inbound, Kind, Media, Outbound

__all__ = ["MOST_DATA_BYTES", "MOST_TEXT_UNITS", "POLL_SECONDS", "TelegramChannel", "parse", "quiet_logs"]

logger = logging.getLogger(__name__)

MOST_TEXT_UNITS = 4096  # Telegram counts UTF-16 units: most emoji are two
MOST_DATA_BYTES = 64
POLL_SECONDS = 25  # how long getUpdates may wait for something to happen
_TOKEN_SHAPE = re.compile(r"\d+:[A-Za-z0-9_-]+")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_UNCHANGED = "message is not modified"
_CANNOT_EDIT = ("message to edit not found", "message can't be edited", "message_id_invalid")
# An answer of the right status and the wrong shape makes the library's parsing raise one of these.
_WRONG_SHAPE = (KeyError, TypeError, ValueError, AttributeError)


class TelegramChannel:
    """One bot. `api_base` is scheme, host and port of a Bot API server. Making one sends nothing."""

    name = NAME
    can_push = True
    can_edit = True

    def __init__(
        self,
        token: str,
        api_base: str = "https://api.telegram.org",
        *,
        read_timeout: float = 15.0,
        pool_timeout: float = 5.0,
        connections: int = 32,
    ) -> None:
        """Timeouts in seconds. Raises Misconfigured when `token` does not look like one."""
        if not _TOKEN_SHAPE.fullmatch(token):
            raise Misconfigured("SUIYAO_TELEGRAM_TOKEN: not a bot token (digits, a colon, letters)")
        self.account = account_of(token)
        self.api_base = api_base.rstrip("/")
        self.polls = wire(self.api_base, connections=1, read_timeout=POLL_SECONDS + 10.0)
        calls = wire(
            self.api_base, connections=connections, read_timeout=read_timeout, pool_timeout=pool_timeout
        )
        self.bot = Bot(
            token,
            base_url=f"{self.api_base}/bot",
            base_file_url=f"{self.api_base}/file/bot",
            request=calls,
            get_updates_request=self.polls,
        )
        self._calls = calls
        self._answering: set[asyncio.Task[None]] = set()

    async def send(self, outbound: Outbound) -> str:
        """Send, or edit the message `outbound.edits`; what cannot be edited any more is sent anew."""
        _check(outbound)
        try:
            if outbound.edits.isdecimal():
                return await self._edit(outbound) or await self._send_new(outbound)
            return await self._send_new(outbound)
        except TelegramError as error:
            raise self._told(meaning(error)) from None
        except _WRONG_SHAPE:
            raise Unclear("bad_answer") from None

    async def _send_new(self, outbound: Outbound) -> str:
        sent = await self.bot.send_message(
            int(outbound.address),
            outbound.text,
            reply_markup=_keyboard(outbound.choices),
            link_preview_options=_NO_PREVIEW,
        )
        return str(sent.message_id)

    async def _edit(self, outbound: Outbound) -> str | None:
        """None when that message can no longer be edited. Without choices the old buttons disappear."""
        try:
            edited = await self.bot.edit_message_text(
                outbound.text,
                chat_id=int(outbound.address),
                message_id=int(outbound.edits),
                reply_markup=_keyboard(outbound.choices),
                link_preview_options=_NO_PREVIEW,
            )
        except BadRequest as error:
            said = error.message.lower()
            if _UNCHANGED in said:
                return outbound.edits
            if any(words in said for words in _CANNOT_EDIT):
                return None
            raise
        return str(edited.message_id) if isinstance(edited, Message) else outbound.edits

    def answer_soon(self, inbound: Inbound) -> None:
        """Stop the spinner on a tapped button, in the background. To be called once the tap is stored."""
        query_id = callback_id(inbound.raw) if inbound.kind is Kind.CHOICE else None
        if query_id:
            task = asyncio.create_task(self._answer(query_id), name="telegram.answer")
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, query_id: str) -> None:
        try:
            await self.bot.answer_callback_query(query_id)
        except (TelegramError, *_WRONG_SHAPE) as error:
            code = meaning(
                error
            ).code  # "query is too old" after a slow moment: nothing is lost but the spinner
            logger.info("A tap was not answered", extra={"action": "telegram.answer_failed", "code": code})

    async def fetch(self, raw: bytes) -> Media:
        """The file of a MEDIA message, from its `raw`; see telegram_media.fetch."""
        return await telegram_media.fetch(self.bot, raw)

    async def check(self) -> str:
        """The bot's name, as in t.me/<name>. Raises Misconfigured (bad token) or SendError (no network)."""
        try:
            me = await self.bot.get_me()
        except TelegramError as error:
            why = meaning(error)
            if why.code == "bad_token":
                raise Misconfigured(f"SUIYAO_TELEGRAM_TOKEN: refused by {self.api_base}") from None
            raise why from None
        except _WRONG_SHAPE:
            raise Misconfigured(f"SUIYAO_TELEGRAM_API_BASE: {self.api_base} is no Bot API server") from None
        return me.username or ""

    async def set_webhook(self, url: str, secret: str) -> None:
        """From now on Telegram posts to `url`. Raises Misconfigured (refused) or SendError (no network)."""
        try:
            await self.bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED_UPDATES)
        except BadRequest:
            raise Misconfigured(f"SUIYAO_PUBLIC_URL: Telegram does not accept the webhook {url}") from None
        except TelegramError as error:
            raise self._told(meaning(error)) from None

    async def delete_webhook(self) -> None:
        """Back to polling. What waits at Telegram is kept. Raises SendError."""
        try:
            await self.bot.delete_webhook(drop_pending_updates=False)
        except TelegramError as error:
            raise self._told(meaning(error)) from None

    async def close(self) -> None:
        """Let the running answers end, then close the connections."""
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self._calls.shutdown()
        await self.polls.shutdown()

    def _told(self, why: SendError) -> SendError:
        if isinstance(why, NotSent) and why.code == "bad_token":
            extra = {"action": "telegram.bad_token", "account": self.account}
            logger.error("Telegram refuses the bot's token: nothing can be sent", extra=extra)
        return why


def _keyboard(choices: tuple[Choice, ...]) -> InlineKeyboardMarkup | None:
    """One button per row: elders hit a wide button."""
    return InlineKeyboardMarkup([[_button(choice)] for choice in choices]) if choices else None


def _button(choice: Choice) -> InlineKeyboardButton:
    if choice.url:
        return InlineKeyboardButton(choice.label, url=choice.url)
    return InlineKeyboardButton(choice.label, callback_data=choice.press.data if choice.press else "")


def _check(outbound: Outbound) -> None:
    """Refuse here what Telegram would refuse: the library sends it unchecked."""
    units = len(outbound.text.encode("utf-16-le", "surrogatepass")) // 2
    if not re.fullmatch(r"-?\d{1,19}", outbound.address):
        raise Rejected("bad_address")
    if not outbound.text.strip():
        raise Rejected("text_empty")
    if units > MOST_TEXT_UNITS:
        raise Rejected("text_too_long")
    for choice in outbound.choices:
        _check_choice(choice)


def _check_choice(choice: Choice) -> None:
    if not choice.label.strip():
        raise Rejected("button_empty")
    if not choice.url and (
        choice.press is None or not 0 < len(choice.press.data.encode()) <= MOST_DATA_BYTES
    ):
        raise Rejected("button_data_invalid")
