"""The web application of one process: the phone page, Telegram's webhook, and a sign of life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Response
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.telegram_webhook import webhook_router
from bot.channels.webchat import router
from bot.console.pages import console_router
from bot.services import deployment

if TYPE_CHECKING:
    from bot.app.app import App


def web_app(app: App) -> FastAPI:
    web = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    web.include_router(router(app.page, secure=app.ctx.addresses.public_url.startswith("https://")))
    web.include_router(console_router(app.ctx))
    if app.telegram is not None and app.settings.telegram_webhook_secret:
        web.include_router(webhook_router(app.telegram, app.settings.telegram_webhook_secret, app.accept))

    @web.get("/healthz")
    async def healthz() -> Response:
        """200 while the database answers; 503 tells a balancer to send people elsewhere."""
        try:
            await deployment.mark(app.ctx)
        except (SQLAlchemyError, OSError):
            return Response("the database does not answer\n", 503, media_type="text/plain")
        return Response("ok\n", media_type="text/plain")

    return web
