"""Who of the staff is asking, what that role may do, and the one way to a site's data: `scoped`.

Sites come from the staff member's own rows, never from a request. Row-level security is the second wall.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Row, select, update

from bot.db.access import StaffLogin, StaffSession
from bot.db.deployments import Deployment
from bot.db.privacy import DataKey, Sealed
from bot.db.sites import Site, StaffMember, StaffSite
from bot.errors import Refused
from bot.services import rule_signatures
from bot.services.auditing import note_down
from bot.services.context import Ctx, Tx

Act = Literal[
    "look",  # participants by subject id: doses, symptoms, alerts
    "names",  # name and telephone number
    "words",  # what participants wrote, said and were told
    "alerts",  # take, act, close
    "record",  # a dose or a symptom told by phone
    "message",  # write to a participant
    "invite",
    "enrol",
    "decide",  # cycles, holds, levels, arms, pause, end
    "site",  # hours, telephone, channel mode, on-call list
    "sign",  # the rules of a study
    "staff",  # staff accounts
]

# A nurse records and answers; whoever answers for treatment or enrolment decides. A monitor verifies without names or
# words. An administrator runs accounts and never sees a patient.
ROLES: Mapping[str, frozenset[Act]] = {
    "nurse": frozenset({"look", "names", "words", "alerts", "record", "message", "invite"}),
    "coordinator": frozenset(
        {"look", "names", "words", "alerts", "record", "message", "invite", "enrol", "decide", "site"}
    ),
    "investigator": frozenset(
        {"look", "names", "words", "alerts", "record", "message", "invite", "enrol", "decide", "site", "sign"}
    ),
    "monitor": frozenset({"look"}),
    "administrator": frozenset({"site", "staff"}),
}

IDLE = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SiteOf:
    site_id: int
    code: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in staff member. `colleagues`: who is meant by `staff:7`, for everybody of the same sites."""

    staff_id: int
    role: str
    name: str
    language: str
    sites: tuple[SiteOf, ...]
    colleagues: Mapping[str, str]
    second_factor: bool
    live: bool
    token_hash: bytes
    unsigned: tuple[rule_signatures.Waiting, ...] = ()  # studies whose newest rules nobody has signed

    @property
    def actor(self) -> str:
        return f"staff:{self.staff_id}"

    @property
    def site_ids(self) -> frozenset[int]:
        return frozenset(site.site_id for site in self.sites)

    def may(self, act: Act) -> bool:
        return act in ROLES[self.role]

    def site(self, code: str) -> SiteOf:
        """One of the own sites. Refused for every other code, existing or not."""
        for site in self.sites:
            if site.code == code:
                return site
        raise Refused("staff.no_such_site", code=code)


@asynccontextmanager
async def scoped(ctx: Ctx, session: Session) -> AsyncIterator[Tx]:
    """The way of every page to the database: a transaction that sees the session's sites and nothing else."""
    async with ctx.begin_for(session.site_ids) as tx:
        yield tx


def require(session: Session, act: Act) -> None:
    if not session.may(act):
        raise Refused("console.not_allowed")


def note_read(tx: Tx, session: Session, what: str, participants: list[int]) -> None:
    """Names or words were read: into the reader's own chain, in the transaction that read them."""
    if participants:
        note_down(tx, session.actor, session.actor, f"read_{what}", participants=sorted(set(participants)))


def token_hash(ctx: Ctx, token: str) -> bytes:
    return ctx.keyring.lookup("staff_session", token)


async def recognise(ctx: Ctx, token: str, *, at_work: bool = True) -> Session | None:
    """The session of this cookie; None when there is none, it idled, it ended, or the person was deactivated.

    Only somebody `at_work` puts off its idling out.
    """
    key = token_hash(ctx, token)
    async with ctx.begin() as tx:
        row = await tx.first(
            select(
                StaffSession.seen_at,
                StaffMember.staff_id,
                StaffMember.role,
                StaffMember.language,
                StaffLogin.totp_sealed,
                select(Deployment.mark).scalar_subquery().label("mark"),
            )
            .join(StaffMember, StaffMember.staff_id == StaffSession.staff_id)
            .join(StaffLogin, StaffLogin.staff_id == StaffSession.staff_id)
            .where(StaffSession.token_hash == key, StaffSession.ended_at.is_(None), StaffMember.active)
            .where(StaffSession.expires_at > tx.now, StaffSession.seen_at > tx.now - IDLE)
        )
        if row is None:
            return None
        if at_work and row.seen_at < tx.now - SEEN_EVERY:
            await tx.execute(
                update(StaffSession).where(StaffSession.token_hash == key).values(seen_at=tx.now)
            )
        return await _session(tx, row, key)


async def _session(tx: Tx, row: Row[Any], key: bytes) -> Session:
    sites = await tx.all(
        select(Site.site_id, Site.code, Site.name, Site.zone)
        .join(StaffSite, StaffSite.site_id == Site.site_id)
        .where(StaffSite.staff_id == row.staff_id)
        .order_by(Site.code)
    )
    colleagues = await names_of_staff(tx, [site.site_id for site in sites])
    return Session(
        staff_id=row.staff_id,
        role=row.role,
        name=colleagues.get(f"staff:{row.staff_id}", ""),
        language=row.language,
        sites=tuple(SiteOf(site.site_id, site.code, site.name, site.zone) for site in sites),
        colleagues=colleagues,
        second_factor=row.totp_sealed is not None,
        live=row.mark == "live",
        token_hash=key,
        unsigned=await rule_signatures.waiting(tx),
    )


async def names_of_staff(tx: Tx, site_ids: list[int]) -> dict[str, str]:
    """`staff:7` -> name, of everybody who works or worked at these sites. Needs a transaction without walls."""
    rows = await tx.all(
        select(StaffMember.staff_id, Sealed.sealed_id, Sealed.kind, Sealed.ciphertext, DataKey)
        .join(StaffSite, StaffSite.staff_id == StaffMember.staff_id)
        .join(Sealed, Sealed.sealed_id == StaffMember.name_sealed)
        .join(DataKey, DataKey.key_id == Sealed.key_id)
        .where(StaffSite.site_id.in_(site_ids))
    )
    return {f"staff:{row.staff_id}": open_row(tx, row) for row in rows}


def open_row(tx: Tx, row: Row[Any]) -> str:
    """The text of a row that carries Sealed's and DataKey's columns; empty when the key was destroyed."""
    opened = open_bytes(tx, row)
    return "" if opened is None else opened.decode("utf-8", "replace")


def open_bytes(tx: Tx, row: Row[Any]) -> bytes | None:
    key_id: uuid.UUID = row.key_id
    keyring = tx.ctx.keyring
    if row.wrapped is None:
        return None
    if not keyring.knows(key_id):
        keyring.unlock(key_id, row.wrapped)
    return keyring.unseal(key_id, row.sealed_id, row.kind, row.ciphertext)
