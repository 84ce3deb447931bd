"""One's own account: password, second factor, and the Telegram chat that alerts go to."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.console import qr
from bot.console.desk import Page
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import access, second_factor, signing_in, staff_chat

ACCOUNT = "/console/account"


def _show(visit: Visit, status: int = 200, **values: Any) -> Response:
    secret = values.pop("secret", None) or second_factor.new_secret()
    frame: dict[str, Any] = {
        "fault": "",
        "failed": "",
        "telegram_code": "",
        "bot_name": visit.ctx.addresses.bot_name,
    }
    code = qr.svg(second_factor.address(secret, visit.staff.name))
    return visit.page("account.html", status, secret=secret, qr=code, **(frame | values))


async def account(visit: Visit) -> Response:
    return _show(visit)


async def password(visit: Visit) -> Response:
    form = visit.form
    try:
        if form.raw("password") != form.raw("again"):
            raise Refused("console.password.differs")
        await signing_in.change_password(visit.ctx, visit.staff, form.raw("old"), form.raw("password"))
    except Refused as refusal:
        return _show(visit, 422, failed="password", fault=visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(ACCOUNT, "password_changed")


async def set_up_code(visit: Visit) -> Response:
    form = visit.form
    secret = form.text("secret", 64)
    try:
        await signing_in.verify_again(visit.ctx, visit.staff, form.raw("password"))
        await second_factor.set_up(visit.ctx, visit.staff, secret, form.text("code"))
    except Refused as refusal:
        fault = visit.refusal(refusal.message_id, **refusal.values)
        # The same secret again, so that what the telephone has scanned stays good.
        keep = secret if len(secret) == second_factor.SECRET_LETTERS and secret.isalnum() else None
        return _show(visit, 422, failed="code", fault=fault, secret=keep)
    return visit.go(ACCOUNT, "code_set")


async def telegram(visit: Visit) -> Response:
    async with access.scoped(visit.ctx, visit.staff) as tx:
        code = await staff_chat.new_code(tx, visit.staff.staff_id)
    return _show(visit, telegram_code=code)


PAGES = (
    Page("GET", ACCOUNT, "anybody", account),
    Page("POST", f"{ACCOUNT}/password", "anybody", password),
    Page("POST", f"{ACCOUNT}/code", "anybody", set_up_code),
    Page("POST", f"{ACCOUNT}/telegram", "anybody", telegram),
)
