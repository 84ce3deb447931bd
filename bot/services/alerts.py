"""Tell staff. An alert is written in the transaction that saw its cause; its notices carry subject id, tier and link only.

An emergency goes to everybody of the site at once, an urgent alert to whoever is on call and then down the list by the
clock, a routine one waits for the digest.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.alerts import Alert, AlertStep
from bot.db.outbox import OutboundMessage
from bot.db.people import Contact, Participant
from bot.db.sites import Site, StaffMember, StaffSite
from bot.db.timers import Timer
from bot.dialogue.turn import Phrase, Value
from bot.messages import Choice, Press
from bot.services import timers
from bot.services.auditing import of_participant
from bot.services.context import Tx
from bot.services.outbox import Draft, Lane, Target, put

Tier = Literal["emergency", "urgent", "routine"]
NOTICE_LIVES = timedelta(days=3)
TELLING_LIVES = timedelta(days=30)
HOPEFUL = ("queued", "sending", "sent")  # of what is unknown a repetition is queued
CALLED = ("nurse", "coordinator", "investigator")  # the roles that alerts are told to
ACKNOWLEDGE = "ack"
ALERT_PRESS = "alert-"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an alert is raised. `key` makes it one: the same cause never raises two."""

    participant_id: int
    kind: str
    tier: Tier
    rule: str  # id@version
    key: str
    definition: str | None = None
    inbox_id: int | None = None
    dose_id: int | None = None
    hold_id: int | None = None
    words_sealed: uuid.UUID | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OnCall:
    """One staff member with the addresses that reach him, in the order of being called."""

    staff_id: int
    role: str
    targets: tuple[Target, ...]


async def raise_alert(tx: Tx, cause: Cause) -> int | None:
    """Write the alert and its first notices. None when this very cause was raised before."""
    alert_id: int | None = await tx.scalar(
        upsert(Alert)
        .values(
            unique_key=cause.key,
            participant_id=cause.participant_id,
            kind=cause.kind,
            tier=cause.tier,
            rule=cause.rule,
            definition=cause.definition,
            inbox_id=cause.inbox_id,
            dose_id=cause.dose_id,
            hold_id=cause.hold_id,
            words_sealed=cause.words_sealed,
            raised_at=tx.now,
            due_at=cause.due_at,
        )
        .on_conflict_do_nothing(index_elements=["unique_key"])
        .returning(Alert.alert_id)
    )
    if alert_id is None:
        return None
    of_participant(
        tx, cause.participant_id, "system", "alert_raised", alert=alert_id, kind=cause.kind, tier=cause.tier
    )
    if cause.tier != "routine":
        await _tell_first(tx, alert_id, cause)
    return alert_id


async def _tell_first(tx: Tx, alert_id: int, cause: Cause) -> None:
    site = await site_of(tx, cause.participant_id)
    called = await on_call(tx, site.site_id)
    # Urgent, and to be seen at once (the next dose is too near): two are told instead of one.
    at_once = cause.due_at is not None and cause.due_at <= tx.now
    first = called if cause.tier == "emergency" else called[: 2 if at_once else 1]
    for person in first:
        await tell(tx, alert_id, site.subject_id, cause.tier, person.targets, "first")
    await step(tx, alert_id, "told", "system", outcome=",".join(f"staff:{one.staff_id}" for one in first))
    # The clock of an alert starts with it: nobody has to remember to look whether somebody looked.
    due_at = tx.now + timedelta(minutes=site.escalate_minutes)
    await set_clock(tx, alert_id, cause.participant_id, 1, due_at)


async def set_clock(tx: Tx, alert_id: int, participant_id: int, level: int, due_at: datetime) -> None:
    """When somebody else is told unless it was taken by then. Each `level` of an alert comes once."""
    await timers.set_timer(
        tx,
        "escalate",
        f"{alert_id}:{level}",
        participant_id,
        due_at,
        due_at + TELLING_LIVES,
        {"alert_id": alert_id, "level": level},
    )


async def tell(
    tx: Tx, alert_id: int, subject_id: str, tier: str, targets: Iterable[Target], level: str
) -> int:
    """One notice to each address; repeated where nobody knows whether it arrived. Returns how many were queued."""
    link = f"{tx.ctx.addresses.public_url}/console/alerts/{alert_id}"
    values: dict[str, Value] = {"subject": subject_id, "link": link, "tier": Phrase(f"tier.{tier}")}
    queued = 0
    for to in targets:
        text = tx.ctx.wording.text(to.language, Phrase("staff.alert.body", values))
        draft = Draft(
            purpose="staff_alert",
            lane=Lane.ALERT,
            text_id="staff.alert.body",
            text=text,
            subject=tx.ctx.wording.text(to.language, Phrase("staff.alert.subject", values)),
            choices=_acknowledge(tx, to, alert_id),
            pushed=True,
            unique_key=f"alert:{alert_id}:{level}:{to.contact_id}",
            lives=NOTICE_LIVES,
            repeat_if_unknown=True,
        )
        queued += await put(tx, to, draft) is not None
    return queued


async def refused(tx: Tx, notice: Row[Any]) -> None:
    """A reader's address will never take it. Where nobody else has the alert or may still get it, the next one is called
    now and not when the clock runs out: there is a channel that is up, and 30 minutes are long in an emergency.
    """
    number = await _number(tx, notice)
    if await _hopeful(tx, number):
        return
    escalation = (Timer.kind == "escalate", Timer.key.startswith(f"{number}:", autoescape=True))
    await tx.execute(update(Timer).where(*escalation, Timer.state == "waiting").values(due_at=tx.now))
    tx.woken.add("timers")


async def turned_away(tx: Tx, notice: Row[Any]) -> None:
    """A reader's channel is away or wants to be left alone. Where nobody has the alert by another channel, the first on the
    list who is reached by one is told there as well: one that is up is enough. Whose turn it is stays as it was.
    """
    number = await _number(tx, notice)
    if await _hopeful(tx, number, OutboundMessage.channel != notice.channel):
        return
    in_hand = AlertStep.step.in_(("acknowledged", "acted", "closed"))
    if await tx.scalar(select(AlertStep.alert_step_id).where(AlertStep.alert_id == number, in_hand).limit(1)):
        return
    alert = (await tx.execute(select(Alert).where(Alert.alert_id == number))).one()
    site = await site_of(tx, alert.participant_id)
    reader = await tx.scalar(select(Contact.staff_id).where(Contact.contact_id == notice.contact_id))
    for person in await on_call(tx, site.site_id):
        others = [to for to in person.targets if to.channel != notice.channel]
        if others:
            await tell(tx, number, site.subject_id, alert.tier, others, "elsewhere")
            await step(tx, number, "told", "system", outcome=f"staff:{reader},staff:{person.staff_id}")
            of_participant(tx, alert.participant_id, "system", "alert_told_elsewhere", alert=number)
            return


async def _number(tx: Tx, notice: Row[Any]) -> int:
    """Of the alert that a notice, or a repetition of it, tells of."""
    first = OutboundMessage.message_id == (notice.repeats or notice.message_id)
    return int(str(await tx.scalar(select(OutboundMessage.unique_key).where(first))).split(":")[1])


async def _hopeful(tx: Tx, number: int, *which: ColumnElement[bool]) -> bool:
    """Whether somebody has the alert or may still get it, by such a notice."""
    hopeful = select(OutboundMessage.message_id).where(
        _of_alert(number), OutboundMessage.state.in_(HOPEFUL), *which
    )
    return await tx.scalar(hopeful.limit(1)) is not None


async def waiting_at(tx: Tx, number: int) -> set[int]:
    """The contacts at which a notice of this alert waits to leave: another one would be the same letter twice at once."""
    waiting = select(OutboundMessage.contact_id).where(_of_alert(number), OutboundMessage.state == "queued")
    return set((await tx.execute(waiting)).scalars())


def _of_alert(number: int) -> ColumnElement[bool]:
    told = select(OutboundMessage.message_id).where(
        OutboundMessage.unique_key.startswith(f"alert:{number}:", autoescape=True)
    )
    return or_(OutboundMessage.message_id.in_(told), OutboundMessage.repeats.in_(told))


def _acknowledge(tx: Tx, to: Target, alert_id: int) -> tuple[Choice, ...]:
    if to.channel != "telegram":
        return ()
    label = tx.ctx.wording.text(to.language, Phrase("staff.alert.take"))
    return (Choice(label, Press(f"{ALERT_PRESS}{alert_id}", ACKNOWLEDGE)),)


async def step(
    tx: Tx,
    alert_id: int,
    name: str,
    by: str,
    *,
    outcome: str | None = None,
    note_sealed: uuid.UUID | None = None,
) -> None:
    await tx.execute(
        insert(AlertStep).values(
            alert_id=alert_id,
            step=name,
            taken_at=tx.now,
            taken_by=by,
            outcome=outcome,
            note_sealed=note_sealed,
        )
    )


async def site_of(tx: Tx, participant_id: int) -> Row[Any]:
    """The participant's current site: site_id, escalate_minutes, and the subject id that notices carry."""
    return (
        await tx.execute(
            select(Site.site_id, Site.escalate_minutes, Participant.subject_id)
            .join(Participant, Participant.site_id == Site.site_id)
            .where(Participant.participant_id == participant_id)
        )
    ).one()


async def on_call(tx: Tx, site_id: int) -> list[OnCall]:
    """Active staff of a site: nurses and coordinators in the site's order, then its investigators."""
    rows = await tx.all(
        select(Contact, StaffMember.language, StaffMember.role)
        .join(StaffMember, StaffMember.staff_id == Contact.staff_id)
        .join(StaffSite, StaffSite.staff_id == StaffMember.staff_id)
        .where(StaffSite.site_id == site_id, StaffMember.active, Contact.state == "active")
        .where(StaffMember.role.in_(CALLED))
        .order_by(StaffMember.role == "investigator", StaffSite.on_call_order, Contact.contact_id)
    )
    people: dict[int, OnCall] = {}
    for row in rows:
        to = Target(row.contact_id, row.channel, row.account, row.key_id, row.language)
        known = people.get(row.staff_id)
        people[row.staff_id] = OnCall(row.staff_id, row.role, (*known.targets, to) if known else (to,))
    return list(people.values())
