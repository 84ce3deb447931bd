"""After a silence of the provider, taps may be lost although people saw them work: open questions are asked again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from bot.db.conversations import Conversation, Question
from bot.db.outbox import ChannelAccount
from bot.db.people import Contact
from bot.services import people, prompting, telephones, timers
from bot.services.context import Ctx, Tx
from bot.services.timeline import load
from bot.services.timers import Postpone
from schedules.localtime import in_quiet_hours, next_awake

ASKED_WITHIN = timedelta(days=2)
REASK_LIVES = timedelta(hours=12)


async def heard(ctx: Ctx, channel: str, account: str) -> None:
    """The provider surely reached us just now."""
    async with ctx.begin() as tx:
        await tx.execute(
            update(ChannelAccount)
            .where(ChannelAccount.channel == channel, ChannelAccount.account == account)
            .values(heard_at=tx.now)
        )


async def silent_for(ctx: Ctx, channel: str, account: str) -> float:
    """Seconds since the provider last reached any of us; 0 when it never did."""
    async with ctx.begin() as tx:
        at: datetime | None = await tx.scalar(
            select(ChannelAccount.heard_at).where(
                ChannelAccount.channel == channel, ChannelAccount.account == account
            )
        )
        return (tx.now - at).total_seconds() if at else 0.0


async def ask_again_after(ctx: Ctx, channel: str, account: str) -> int:
    """Arrange that everybody with an open question on this account is asked again. Returns how many people."""
    async with ctx.begin() as tx:
        rows = await tx.all(
            select(Question.participant_id)
            .join(Contact, Contact.correspondent_id == Question.correspondent_id)
            .where(Contact.channel == channel, Contact.account == account, Contact.state == "active")
            .where(Question.state == "open", Question.asked_at > tx.now - ASKED_WITHIN)
            .distinct()
        )
        stamp = tx.now.isoformat(timespec="minutes")
        for row in rows:
            key = f"{row.participant_id}:{stamp}"
            await timers.set_timer(tx, "reask", key, row.participant_id, tx.now, tx.now + REASK_LIVES)
        return len(rows)


async def reask(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """The neutral line once more, for the question asked last."""
    course = await load(tx, timer.participant_id)
    if course.status != "active":
        return course.status
    if in_quiet_hours(tx.now, course.zone, course.quiet_from, course.quiet_to):
        return Postpone(next_awake(tx.now, course.zone, course.quiet_from, course.quiet_to))
    row = await tx.first(
        select(
            Question.token,
            Conversation.contact_id,
            Conversation.participant_id,
            Conversation.correspondent_id,
        )
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == timer.participant_id, Question.state == "open")
        .order_by(Question.asked_at.desc())
        .limit(1)
    )
    if row is None or not await people.reachable(tx, timer.participant_id):
        return "nothing_open"
    who = await telephones.said_by(tx, row)
    return f"asked:{await prompting.nudge(tx, who, row.token, timer.expires_at - tx.now)}"
