"""Tell staff. An alert is written in the transaction that saw its cause; its notices carry subject id, tier and link only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.alerts import Alert, AlertStep
from bot.db.people import Contact, Participant
from bot.db.sites import StaffMember, StaffSite
from bot.dialogue.turn import Phrase
from bot.services.auditing import of_participant
from bot.services.context import Tx
from bot.services.outbox import Draft, Lane, Target, put

Tier = Literal["emergency", "urgent", "routine"]
NOTICE_LIVES = timedelta(days=3)


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


async def raise_alert(tx: Tx, cause: Cause) -> int | None:
    """Write the alert and its notices. None when this very cause was raised before."""
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
        )
        .on_conflict_do_nothing(index_elements=["unique_key"])
        .returning(Alert.alert_id)
    )
    if alert_id is None:
        return None
    of_participant(
        tx, cause.participant_id, "system", "alert_raised", alert=alert_id, kind=cause.kind, tier=cause.tier
    )
    await _tell(tx, alert_id, cause)
    return alert_id


async def _tell(tx: Tx, alert_id: int, cause: Cause) -> None:
    person = (
        await tx.execute(
            select(Participant.site_id, Participant.subject_id).where(
                Participant.participant_id == cause.participant_id
            )
        )
    ).one()
    link = f"{tx.ctx.addresses.public_url}/console/alerts/{alert_id}"
    for to in await staff_targets(tx, person.site_id):
        values = {"subject": person.subject_id, "link": link, "tier": Phrase(f"tier.{cause.tier}")}
        await put(
            tx,
            to,
            Draft(
                purpose="staff_alert",
                lane=Lane.BULK if cause.tier == "routine" else Lane.ALERT,
                text_id="staff.alert.body",
                text=tx.ctx.wording.text(to.language, Phrase("staff.alert.body", values)),
                subject=tx.ctx.wording.text(to.language, Phrase("staff.alert.subject", values)),
                pushed=True,
                unique_key=f"alert:{alert_id}:{to.contact_id}",
                lives=NOTICE_LIVES,
                repeat_if_unknown=cause.tier != "routine",
            ),
        )
    await tx.execute(
        insert(AlertStep).values(alert_id=alert_id, step="told", taken_at=tx.now, taken_by="system")
    )


async def staff_targets(tx: Tx, site_id: int) -> list[Target]:
    """The addresses of a site's active staff, in the order of being on call."""
    rows = await tx.all(
        select(Contact, StaffMember.language)
        .join(StaffMember, StaffMember.staff_id == Contact.staff_id)
        .join(StaffSite, StaffSite.staff_id == StaffMember.staff_id)
        .where(StaffSite.site_id == site_id, StaffMember.active, Contact.state == "active")
        .where(StaffMember.role.in_(("nurse", "coordinator", "investigator")))
        .order_by(StaffSite.on_call_order, Contact.contact_id)
    )
    return [Target(row.contact_id, row.channel, row.account, row.key_id, row.language) for row in rows]
