"""Every address of the console, written out in one place by topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.console import (
    account,
    alerts,
    decisions,
    doses,
    enrol,
    labs,
    messages,
    participant,
    report,
    rules,
    sign_in,
    sites,
    symptoms,
    worklist,
)
from bot.console.desk import Desk, Page
from bot.console.headers import LASTING, armour
from bot.services.context import Ctx

PAGES: tuple[Page, ...] = (
    *sign_in.PAGES,
    *account.PAGES,
    *alerts.PAGES,
    *worklist.PAGES,
    *participant.PAGES,
    *messages.PAGES,
    *doses.PAGES,
    *symptoms.PAGES,
    *labs.PAGES,
    *rules.PAGES,
    *decisions.PAGES,
    *enrol.PAGES,
    *sites.PAGES,
    *report.PAGES,
)


def console_router(ctx: Ctx) -> APIRouter:
    """The console, to be mounted at the root: its addresses begin with /console."""
    desk = Desk(ctx)
    router = APIRouter()
    for page in PAGES:
        router.add_api_route(page.path, _endpoint(desk, page), methods=[page.method], include_in_schema=False)
    router.add_api_route("/console/static/{name}", _static(desk), methods=["GET"], include_in_schema=False)
    return router


def _endpoint(desk: Desk, page: Page) -> Callable[..., Any]:
    async def endpoint(request: Request) -> Response:
        return await desk.serve(page, request)

    return endpoint


def _static(desk: Desk) -> Callable[..., Any]:
    by_name = {file.name: file for file in desk.view.static.values()}

    async def endpoint(name: str) -> Response:
        file = by_name.get(name)
        if file is None:
            return armour(Response(status_code=404), secure=desk.secure)
        response = Response(file.content, media_type=file.media_type, headers={"Cache-Control": LASTING})
        return armour(response, secure=desk.secure)

    return endpoint
