"""A site's own preferences and its people: hours, telephone, channel mode, who is called first, accounts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import Row, select, update

from bot.db.access import StaffLogin, StaffSession
from bot.db.people import Contact
from bot.db.sites import Site, StaffMember, StaffSite
from bot.errors import Refused
from bot.services import alert_life, enrolment, signing_in
from bot.services.access import ROLES, Session, SiteOf
from bot.services.auditing import note_down
from bot.services.context import Tx
from bot.services.enrolment import NewStaff

MODES = ("off", "notice", "full")


@dataclass(frozen=True, slots=True)
class Settings:
    name: str
    phone: str
    language: str
    telegram_mode: str
    digest_at: time
    escalate_minutes: int


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a site. `order`: when called; `ready`: can sign in; `channels`: what alerts reach him by."""

    staff_id: int
    role: str
    active: bool
    order: int
    ready: bool
    second_factor: bool
    channels: tuple[str, ...]
    activation_until: datetime | None


async def settings(tx: Tx, site: SiteOf) -> Row[Any]:
    return (await tx.execute(select(Site).where(Site.site_id == site.site_id))).one()


async def change(tx: Tx, session: Session, site: SiteOf, new: Settings) -> None:
    """Raises Refused for what would harm: a safety text without a telephone, an alert that never moves on."""
    if not new.name or sum(ch.isdigit() for ch in new.phone) < 5 or len(new.phone) > 40:
        raise Refused("console.site.phone_values")
    if new.telegram_mode not in MODES or not 1 <= new.escalate_minutes <= 1440:
        raise Refused("console.site.values")
    if new.language not in tx.ctx.wording.texts:
        raise Refused("console.site.values")
    await tx.execute(update(Site).where(Site.site_id == site.site_id).values(**asdict(new)))
    detail = {
        "mode": new.telegram_mode,
        "digest_at": f"{new.digest_at:%H:%M}",
        "minutes": new.escalate_minutes,
    }
    note_down(tx, "system", session.actor, "site_changed", site=site.code, **detail)
    note_down(tx, session.actor, session.actor, "site_changed", site=site.code)


async def members(tx: Tx, site: SiteOf) -> list[Member]:
    """In the order of being called; those who are never called after them."""
    rows = await tx.all(
        select(
            StaffMember,
            StaffSite.on_call_order,
            StaffLogin.password_hash.is_not(None).label("ready"),
            StaffLogin.totp_sealed.is_not(None).label("second_factor"),
            StaffLogin.activation_expires_at,
        )
        .join(StaffSite, StaffSite.staff_id == StaffMember.staff_id)
        .outerjoin(StaffLogin, StaffLogin.staff_id == StaffMember.staff_id)
        .where(StaffSite.site_id == site.site_id)
        .order_by(StaffMember.active.desc(), StaffSite.on_call_order, StaffMember.staff_id)
    )
    await tx.widen()  # addresses of staff belong to no site; only their channels are read
    found = await tx.all(
        select(Contact.staff_id, Contact.channel)
        .where(Contact.staff_id.in_([row.staff_id for row in rows]), Contact.state == "active")
        .order_by(Contact.contact_id)
    )
    return [
        Member(
            row.staff_id,
            row.role,
            row.active,
            row.on_call_order,
            bool(row.ready),
            bool(row.second_factor),
            tuple(dict.fromkeys(one.channel for one in found if one.staff_id == row.staff_id)),
            row.activation_expires_at,
        )
        for row in rows
    ]


async def set_order(tx: Tx, session: Session, site: SiteOf, order: dict[int, int]) -> None:
    """Who is called first. Numbers of people of other sites are left out without a word."""
    for staff_id, place in sorted(order.items()):
        await tx.execute(
            update(StaffSite)
            .where(StaffSite.site_id == site.site_id, StaffSite.staff_id == staff_id)
            .values(on_call_order=max(1, min(place, 999)))
        )
    note_down(tx, "system", session.actor, "on_call_changed", site=site.code)
    note_down(tx, session.actor, session.actor, "on_call_changed", site=site.code)


async def add(tx: Tx, session: Session, site: SiteOf, role: str, name: str, email: str, language: str) -> str:
    """A new account; returns the activation code, which is shown once. Raises Refused."""
    if role not in ROLES or not name.strip() or language not in tx.ctx.wording.texts:
        raise Refused("console.staff.values")
    if email.count("@") != 1 or not all(email.split("@")) or any(ch.isspace() for ch in email):
        raise Refused("console.staff.email")
    await tx.widen()  # a person's key and address belong to no site
    staff = NewStaff(site.code, role, name.strip(), email, language)
    staff_id = await enrolment.add_staff(tx, staff, session.actor)
    note_down(tx, session.actor, session.actor, "staff_added", staff=staff_id)
    return await signing_in.new_activation(tx, staff_id, email, session.actor)


async def reset(
    tx: Tx, session: Session, site: SiteOf, staff_id: int, email: str, *, lost_phone: bool
) -> str:
    """An activation code for somebody who cannot sign in. The address must be his: a slip would open another's account."""
    await _of_site(tx, site, staff_id)
    await tx.widen()
    if await signing_in.staff_of_email(tx, email) != staff_id:
        raise Refused("console.no_such_staff")
    note_down(tx, session.actor, session.actor, "activation_made", staff=staff_id)
    return await signing_in.new_activation(
        tx, staff_id, email, session.actor, forget_second_factor=lost_phone
    )


async def set_active(tx: Tx, session: Session, site: SiteOf, staff_id: int, *, active: bool) -> None:
    """Switch an account off (its sessions end at once, others get his alerts) or on again. Nobody switches himself off."""
    await _of_site(tx, site, staff_id)
    if staff_id == session.staff_id:
        raise Refused("console.staff.yourself")
    await tx.execute(update(StaffMember).where(StaffMember.staff_id == staff_id).values(active=active))
    await tx.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
        .values(ended_at=tx.now)
    )
    if not active:
        await tx.widen()  # his alerts may be of several sites
        await alert_life.give_back(tx, staff_id)
    action = "staff_activated" if active else "staff_deactivated"
    note_down(tx, f"staff:{staff_id}", session.actor, action)
    note_down(tx, session.actor, session.actor, action, staff=staff_id)


async def _of_site(tx: Tx, site: SiteOf, staff_id: int) -> None:
    found = await tx.scalar(
        select(StaffSite.staff_id).where(StaffSite.site_id == site.site_id, StaffSite.staff_id == staff_id)
    )
    if found is None:
        raise Refused("console.no_such_staff")
