"""Telegram posts updates here. Answers 200 only after the message is stored, and always with an empty body:
a body that names a method would be carried out. Logs no body and no secret.
"""

from __future__ import annotations

import hmac
import logging

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from bot.channels.base import Accept
from bot.channels.bodies import read_within
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_updates import parse, read_update

logger = logging.getLogger(__name__)

MOST_BODY_BYTES = 1024 * 1024
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
# Telegram honours this wait; its own doubles up to minutes, and a tap lives only 150 s.
RETRY_AFTER_SECONDS = 2


def webhook_router(channel: TelegramChannel, secret: str, accept: Accept) -> APIRouter:
    """POST /telegram/{account}. `secret` is what set_webhook was given."""
    if not secret:
        raise ValueError("a webhook without a secret accepts anybody's updates")
    router = APIRouter()

    async def receive(account: str, request: Request) -> Response:
        if account != channel.account:
            return _unread(404)
        if not _same(request.headers.get(SECRET_HEADER, ""), secret):
            _log("telegram.webhook_wrong_secret", account=channel.account)
            return _unread(401)
        body = await _body(request)
        if body is None:
            _log("telegram.webhook_too_large", account=channel.account)
            return _unread(413)
        return await _stored(channel, accept, body)

    router.add_api_route("/telegram/{account}", receive, methods=["POST"], include_in_schema=False)
    return router


async def _stored(channel: TelegramChannel, accept: Accept, body: bytes) -> Response:
    """200 also for a true update that is nobody's message: a refusal would block that chat's later ones."""
    update = read_update(body)
    if update is None:
        _log("telegram.webhook_malformed", account=channel.account)
        return Response(status_code=400)
    inbound = parse(update, channel.bot, sent=body)
    if inbound is not None:
        try:
            await accept(inbound)
        except Exception as error:  # noqa: BLE001 - whatever it is: not stored, so Telegram comes again
            kind = type(error).__name__
            _log("telegram.accept_failed", account=channel.account, error=kind, level=logging.ERROR)
            return Response(status_code=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        channel.answer_soon(inbound)
    return Response(status_code=200)


async def _body(request: Request) -> bytes | None:
    """None when it is over the limit, and nothing when the sender left before the end."""
    try:
        return await read_within(request, MOST_BODY_BYTES)
    except ClientDisconnect:
        return b""


def _unread(status: int) -> Response:
    """Closes the connection: otherwise the server reads on to the end of the body, however long it is."""
    return Response(status_code=status, headers={"Connection": "close"})


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _log(action: str, *, level: int = logging.WARNING, **ids: str) -> None:
    logger.log(level, "A webhook call was not taken", extra={"action": action, **ids})
