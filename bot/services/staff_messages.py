"""A nurse writes to a participant: a neutral line goes out, her words are shown when the person looks, marked as hers."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.db.audit import AuditEntry
from bot.db.sites import StaffMember
from bot.errors import Refused
from bot.services import conversing, people, timeline
from bot.services.access import Session
from bot.services.auditing import note_down, of_participant
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.locking import lock_participant
from schedules.localtime import in_quiet_hours

LIVES = timedelta(days=7)
LONGEST = 1000  # a message to a telephone; what is longer is a telephone call


async def send(
    tx: Tx, session: Session, participant_id: int, words: str, once: str, *, at_night: bool
) -> int:
    """Returns how many people it was put to. Raises Refused: too long, paused, ended, nobody to reach, quiet hours.

    `once`: the form's own number; the same form sent again sends nothing. Quiet hours and a pause bind nurses, too;
    quiet hours may be overruled on purpose (`at_night`), a person's own wish for silence may not.
    """
    words = words.strip()
    if not words or len(words) > LONGEST:
        raise Refused("console.message.length", most=LONGEST)
    await lock_participant(tx, participant_id)
    if not await first_time(tx, session, "message_sent", once):
        return 0
    course = await timeline.load(tx, participant_id)
    if course.status != "active":
        raise Refused(f"console.message.{course.status}")
    quiet = in_quiet_hours(tx.now, course.zone, course.quiet_from, course.quiet_to)
    if quiet and not at_night:
        raise Refused("console.message.quiet", until=f"{course.quiet_to:%H:%M}")
    told: set[int | None] = set()
    for who in await people.reachable(tx, participant_id):
        if who.correspondent_id in told:
            continue  # one conversation shows on all screens of one person
        told.add(who.correspondent_id)
        slots = {"words": words, "site_phone": who.site_phone}
        delivery = Delivery(pushed=True, purpose="notice", lives=LIVES)
        await conversing.begin(tx, who, "from_nurse", slots, delivery)
    if not told:
        raise Refused("console.message.nobody")
    of_participant(tx, participant_id, session.actor, "message_sent", people=len(told))
    note_down(tx, session.actor, session.actor, "message_sent", participant=participant_id, once=once)
    return len(told)


async def first_time(tx: Tx, session: Session, action: str, once: str) -> bool:
    """Whether this form was not carried out before. The staff member's row is held, so that two copies take turns.

    A form without a number is refused: it would be a new message at every reload.
    """
    if not once:
        raise Refused("console.trouble.form")
    await tx.execute(
        select(StaffMember.staff_id).where(StaffMember.staff_id == session.staff_id).with_for_update()
    )
    await tx.widen()  # the own chain lies outside every site; the participant was found within before
    found = await tx.scalar(
        select(AuditEntry.seq)
        .where(AuditEntry.chain == session.actor, AuditEntry.action == action)
        .where(AuditEntry.detail["once"].astext == once)
        .limit(1)
    )
    return found is None
