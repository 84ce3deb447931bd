"""What follows when a message was refused, or nobody knows whether it arrived."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from bot.db.outbox import OutboundMessage
from bot.db.people import Contact
from bot.services import alerts, outbox, sealing
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx

MOST_REPEATS = 5
REPEAT_AFTER = timedelta(seconds=30)
_COPIED = (
    "participant_id",
    "contact_id",
    "channel",
    "account",
    "lane",
    "purpose",
    "pushed",
    "text_id",
    "text_hash",
    "token",
    "inbox_id",
    "edits",
    "repeat_if_unknown",
)


async def refused(tx: Tx, row: Row[Any], *, lost: bool) -> None:
    """The provider will not take it. A lost contact is closed; staff hear of both. An alert goes to the next on the list."""
    if lost:
        await close_contact(tx, row.contact_id, row.participant_id)
    elif row.participant_id is not None:
        await raise_alert(
            tx,
            Cause(
                row.participant_id,
                "undeliverable",
                "routine",
                "undeliverable@1",
                f"undeliverable:{row.message_id}",
            ),
        )
    if row.purpose == "staff_alert":
        await alerts.refused(tx, row)


async def close_contact(tx: Tx, contact_id: int, participant_id: int | None) -> None:
    """Blocked, deactivated, gone: stop writing there. The participant is never deleted. Alerts that waited for a reader there
    go to the next on the list.
    """
    closed = await tx.scalar(
        update(Contact)
        .where(Contact.contact_id == contact_id, Contact.state.not_in(("moved", "blocked")))
        .values(state="blocked")
        .returning(Contact.contact_id)
    )
    waiting = (OutboundMessage.contact_id == contact_id, OutboundMessage.state == "queued")
    notices = await tx.all(select(OutboundMessage).where(*waiting, OutboundMessage.purpose == "staff_alert"))
    await outbox.cancel_contact(tx, contact_id)
    for notice in notices:
        await alerts.refused(tx, notice)
    if closed is not None and participant_id is not None:  # nobody misses a telephone that was left before
        # One alert for each time that a bound contact is lost, not one for each message that fails.
        key = f"contact_lost:{contact_id}:{tx.now.isoformat()}"
        await raise_alert(tx, Cause(participant_id, "contact_lost", "urgent", "contact_lost@1", key))


async def repeat(tx: Tx, row: Row[Any], *, at_once: bool) -> None:
    """Send a safety message again although it may have arrived, marked as repeated. Patient prompts never come here."""
    first = row.repeats or row.message_id
    repeats = await tx.scalar(
        select(func.count()).select_from(OutboundMessage).where(OutboundMessage.repeats == first)
    )
    if repeats >= MOST_REPEATS:
        return
    key_and_language = await tx.first(select(Contact.key_id).where(Contact.contact_id == row.contact_id))
    assert key_and_language is not None
    content = await sealing.unseal_json(tx, row.sealed_id)
    if not content:
        return
    if row.repeats is None:
        mark = tx.ctx.wording.text(tx.ctx.wording.language_of(row.text_hash), "repeat.mark")
        content["text"] = f"{mark}\n{content['text']}"
        content["subject"] = content["subject"] and f"{mark} {content['subject']}"
    await tx.execute(
        insert(OutboundMessage).values(
            **{name: getattr(row, name) for name in _COPIED},
            unique_key=f"repeat:{first}:{repeats + 1}",
            sealed_id=await sealing.seal(tx, key_and_language.key_id, "outbound", content),
            repeats=first,
            state="queued",
            created_at=tx.now,
            send_after=tx.now if at_once else tx.now + REPEAT_AFTER,
            expires_at=max(row.expires_at, tx.now + timedelta(hours=1)),
            attempts=0,
        )
    )
    tx.woken.add("outbox")
