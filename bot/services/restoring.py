"""A restored database in quarantine: nothing of before goes out, staff learn the bounds of the gap, and questions come anew.

What was said in the gap is lost. So nobody is told to take what he may have taken: he is asked whether he did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, insert, select, update

from bot.db.audit import AuditEntry
from bot.db.deployments import Deployment, RestoreGap
from bot.db.inbox import InboxMessage
from bot.db.outbox import ChannelAccount, OutboundMessage
from bot.db.people import Contact, Participant
from bot.db.sites import Site
from bot.db.timers import Timer
from bot.dialogue.turn import Phrase
from bot.errors import Refused
from bot.services import asking, delivery_failures, gaps, outbox, reminding, timers
from bot.services.alerts import on_call
from bot.services.auditing import note_down
from bot.services.context import Tx
from bot.services.deployment import EPOCH
from bot.services.outbox import Draft, Lane
from bot.services.planning import topic
from bot.services.timeline import load
from bot.services.timers import Fire, Postpone

# What would tell or remind somebody. Ends of windows, plans, clocks of alerts and checks of the week go on.
ASKING = ("prompt", "later", "followup", "nudge", "symptom_nudge", "reask")
ASK_LIVES = timedelta(days=4)
TOLD_FOR = timedelta(days=7)  # so long the digest names the gap
A_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The bounds of the gap, and what was held back or asked again because of it."""

    since: datetime
    until: datetime
    messages: int
    reminders: int
    people: int


async def quarantine(tx: Tx, by: str) -> Quarantine:
    """Once for each restore. Refused when these tables were not restored, or are in quarantine already."""
    epoch = str((await tx.execute(EPOCH)).scalar_one())
    if await tx.scalar(select(Deployment.epoch)) == epoch:
        raise Refused("staff.not_restored")
    since = await last_trace(tx)
    messages, reminders = await _expire_messages(tx), await _expire_reminders(tx)
    await _try_blocked_chats(tx)
    people = await _ask_again(tx)
    gap_id = await tx.scalar(
        insert(RestoreGap)
        .values(since=since, until=tx.now, restored_by=by)
        .returning(RestoreGap.restore_gap_id)
    )
    await tx.execute(update(ChannelAccount).values(heard_at=tx.now))
    await tx.execute(update(Deployment).values(epoch=epoch))
    found = Quarantine(since, tx.now, messages, reminders, people)
    await _tell_staff(tx, gap_id, since)
    bounds = {"since": since.isoformat(), "until": tx.now.isoformat()}
    note_down(tx, "system", by, "restored", **bounds, messages=messages, reminders=reminders)
    return found


async def last_trace(tx: Tx) -> datetime:
    """The last instant of which this database knows anything."""
    columns = (
        InboxMessage.received_at,
        OutboundMessage.settled_at,
        Timer.settled_at,
        AuditEntry.at,
        ChannelAccount.heard_at,
    )
    found = [await tx.scalar(select(func.max(column))) for column in columns]
    return max((at for at in found if at is not None and at <= tx.now), default=tx.now)


async def recent(tx: Tx) -> Row[Any] | None:
    """The last gap, while staff should still be told of it."""
    return await tx.first(
        select(RestoreGap)
        .where(RestoreGap.until > tx.now - TOLD_FOR)
        .order_by(RestoreGap.restore_gap_id.desc())
        .limit(1)
    )


async def _expire_messages(tx: Tx) -> int:
    """What waited has most likely been sent in the gap. A safety message goes out once more, marked as repeated."""
    waiting = OutboundMessage.state.in_(("queued", "sending"))
    for row in await tx.all(select(OutboundMessage).where(waiting, OutboundMessage.repeat_if_unknown)):
        await delivery_failures.repeat(tx, row, at_once=False)
        await _settle(tx, OutboundMessage.message_id == row.message_id, "unknown")
    return await _settle(tx, waiting & ~OutboundMessage.repeat_if_unknown, "expired")


async def _settle(tx: Tx, which: Any, state: str) -> int:
    statement = update(OutboundMessage).where(which).values(state=state, settled_at=tx.now)
    return int((await tx.execute(statement)).rowcount)


async def _expire_reminders(tx: Tx) -> int:
    statement = (
        update(Timer)
        .where(Timer.state == "waiting", Timer.kind.in_(ASKING), Timer.due_at <= tx.now)
        .values(state="expired", settled_at=tx.now, outcome="restored")
    )
    return int((await tx.execute(statement)).rowcount)


async def _try_blocked_chats(tx: Tx) -> None:
    """Who opened his chat again in the gap would never be written to. Whose is still shut refuses, and is closed again."""
    await tx.execute(
        update(Contact)
        .where(Contact.channel == "telegram", Contact.state == "blocked")
        .values(state="active")
    )


async def _ask_again(tx: Tx) -> int:
    people = list((await tx.execute(select(Participant.participant_id))).scalars())
    for pid in people:
        key = f"{pid}:{tx.now.isoformat(timespec='seconds')}"
        due_at = tx.now + A_MOMENT
        await timers.set_timer(tx, "restored", key, pid, due_at, due_at + ASK_LIVES)
    return len(people)


async def ask(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """Did you take it? Of every dose that may still be told; without one, what else stands open is brought up again."""
    course = await load(tx, timer.participant_id)
    blocked = reminding.held_back(tx, course, timer.expires_at)
    if blocked is not None:
        return blocked
    doses = await asking.unanswered(tx, course)
    if not doses:
        return await gaps.reask(tx, timer)
    for due_at in sorted({dose.due_at for dose in doses}):
        await reminding.close_topic(tx, course, topic(due_at))
    doses = await asking.unanswered(tx, course)  # an answer begun before was kept as far as it went
    return await asking.ask_about(tx, course, doses, doses[0].due_at, "followup") if doses else "answered"


async def _tell_staff(tx: Tx, gap_id: int, since: datetime) -> None:
    for site in await tx.all(select(Site)):
        zone = ZoneInfo(site.zone)
        values = {"since": since.astimezone(zone), "until": tx.now.astimezone(zone), "site": site.code}
        for to in (to for person in await on_call(tx, site.site_id) for to in person.targets):
            text = tx.ctx.wording.text
            draft = Draft(
                purpose="notice",
                lane=Lane.REPLY,
                text_id="staff.restored.body",
                text=text(to.language, Phrase("staff.restored.body", values)),
                subject=text(to.language, Phrase("staff.restored.subject", values)),
                pushed=True,
                unique_key=f"restored:{gap_id}:{site.site_id}:{to.contact_id}",
                lives=TOLD_FOR,
                repeat_if_unknown=True,
            )
            await outbox.put(tx, to, draft)


FIRE: dict[str, Fire] = {"restored": ask}
