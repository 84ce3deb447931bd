"""What passed between a participant and us, with voice notes and pictures; and writing to him."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from bot.console import auth
from bot.console.desk import Page
from bot.console.participant import ONE
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import access, correspondence, participant_page, staff_messages
from bot.services.access import require
from bot.services.correspondence import SHOWN_MEDIA

# What somebody sent is shown as a picture or a sound, or is downloaded: it is never a page of this host.
FILE_POLICY = "default-src 'none'; sandbox"


async def talk(visit: Visit) -> Response:
    return await _show(visit)


async def _show(
    visit: Visit, status: int = 200, fault: str = "", typed: str = "", *, night: bool = False
) -> Response:
    participant_id = visit.number("participant_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        person = await participant_page.header(tx, visit.staff, participant_id)
        before = _instant(visit.request.query_params.get("before", ""))
        lines = await correspondence.messages(tx, visit.staff, participant_id, before)
        return visit.page(
            "messages.html",
            status,
            now=tx.now,
            tab="messages",
            person=person,
            lines=lines,
            older=lines[-1].at.isoformat() if len(lines) == correspondence.PAGE else "",
            before=before,
            fault=fault,
            typed=typed,
            night=night,
            most=staff_messages.LONGEST,
            once=auth.new_token(),
        )


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):  # nothing of the kind, or beyond the calendar in UTC
        return None


async def write(visit: Visit) -> Response:
    participant_id = visit.number("participant_id")
    words = visit.form.note("words")
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            await staff_messages.send(
                tx,
                visit.staff,
                participant_id,
                words,
                visit.form.text("once"),
                at_night=visit.form.has("at_night"),
            )
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such"):
            raise
        fault = visit.refusal(refusal.message_id, **refusal.values)
        return await _show(visit, 422, fault, words, night=refusal.message_id == "console.message.quiet")
    return visit.go(f"/console/participants/{participant_id}/messages", "message_sent")


async def media(visit: Visit) -> Response:
    """The bytes as they came, under a type of our own list; everything else is a download."""
    require(visit.staff, "words")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        file = await correspondence.media(
            tx, visit.staff, visit.number("participant_id"), visit.number("media_item_id")
        )
    shown = SHOWN_MEDIA.get(file.media_type, "file") != "file"
    headers = {"Content-Security-Policy": FILE_POLICY}
    if not shown:
        headers["Content-Disposition"] = "attachment"
    return Response(
        file.content, media_type=file.media_type if shown else "application/octet-stream", headers=headers
    )


PAGES = (
    Page("GET", f"{ONE}/messages", "look", talk),
    Page("POST", f"{ONE}/messages", "message", write),
    Page("GET", f"{ONE}/media/{{media_item_id:row}}", "words", media),
)
