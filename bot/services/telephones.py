"""Telephones change hands: with whom a conversation was, and where he is spoken to, whoever holds the telephone by now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Executable, Row, select

from bot.db.built import built
from bot.db.people import CareLink, Correspondent, Participant
from bot.db.sites import Site
from bot.services.context import Tx
from bot.services.people import OF_LINK, Who, by_contact, contacts_of, of_this_screen, status_at

GONE = "gone"  # the state of somebody whose telephone is another's by now: nothing is said on it


async def in_talk(tx: Tx, contact_id: int, between: tuple[int | None, int | None]) -> Who:
    """With whom a conversation was begun there, whoever holds that telephone by now.

    What is recorded and told of him is his; what stands on that telephone may still be taken away.
    """
    there = await by_contact(tx, contact_id)
    if between[0] is None:
        return of_this_screen(there)
    if (there.participant_id, there.correspondent_id) == between:
        return there if there.state != "moved" else replace(there, state=GONE)
    row = (await tx.execute(_of_link(*between, tx.now))).one()
    return Who(
        contact_id=contact_id,
        channel=there.channel,
        account=there.account,
        key_id=row.key_id,
        language=row.language,
        state=GONE,
        correspondent_id=row.correspondent_id,
        participant_id=row.participant_id,
        relation=row.relation,
        site_id=row.site_id,
        site_phone=row.phone or "",
        zone=row.zone,
        study=row.study,
        telegram_mode=row.telegram_mode,
        status=row.status or "active",
    )


async def said_by(tx: Tx, row: Row[Any]) -> Who:
    """Who wrote a message of the inbox. `row`: contact_id, participant_id, correspondent_id."""
    if row.correspondent_id is None:  # written before he was linked
        return await by_contact(tx, row.contact_id)
    return await in_talk(tx, row.contact_id, (row.participant_id, row.correspondent_id))


@built
def _of_link(participant_id: Any, correspondent_id: Any, now: Any) -> Executable:
    """Somebody as his link has him, also one that ended, on no telephone."""
    columns = (Correspondent.correspondent_id, Correspondent.key_id, Correspondent.language, *OF_LINK)
    return (
        select(*columns, status_at(now).label("status"))
        .select_from(CareLink)
        .join(Correspondent, Correspondent.correspondent_id == CareLink.correspondent_id)
        .join(Participant, Participant.participant_id == CareLink.participant_id)
        .join(Site, Site.site_id == Participant.site_id)
        .where(CareLink.participant_id == participant_id, CareLink.correspondent_id == correspondent_id)
        .order_by(CareLink.care_link_id.desc())
        .limit(1)
    )


async def screen(tx: Tx, who: Who) -> Who | None:
    """Where he is spoken to: the telephone of the conversation, or another one of his where that is his no more."""
    if who.state != GONE:
        return who
    his = await contacts_of(tx, who.correspondent_id or 0)
    return next((one for one in his if one.participant_id == who.participant_id), None)
