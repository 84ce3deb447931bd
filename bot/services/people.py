"""Who is behind an address, and which of a person's addresses may be written to unasked."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ARRAY, Executable, Row, Select, String, and_, func, insert, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from bot.db.built import built
from bot.db.people import CareLink, Consent, Contact, Correspondent, Participant, StatusChange
from bot.db.sites import Site
from bot.services import sealing
from bot.services.context import Tx


@dataclass(frozen=True, slots=True)
class Who:
    """The person of this stimulus: through which contact, as which correspondent, about which participant."""

    contact_id: int
    channel: str
    account: str
    key_id: uuid.UUID  # seals what is said from and to this contact
    language: str
    state: str = "active"
    correspondent_id: int | None = None
    participant_id: int | None = None
    relation: str = ""
    site_id: int | None = None
    site_phone: str = ""
    zone: str = "Asia/Shanghai"
    study: str = ""
    telegram_mode: str = "full"
    staff_id: int | None = None
    status: str = "active"  # of the participant when this was read: active, paused, ended
    consents: frozenset[str] = frozenset()  # what this person had agreed to when this was read

    @property
    def may_hear(self) -> bool:
        """Whether this person agreed to hear and tell of his medicines, and to do so on this very channel."""
        needed = {"health_data", "telegram_abroad"} if self.channel == "telegram" else {"health_data"}
        return self.consents >= needed

    @property
    def lock_key(self) -> int:
        return self.participant_id if self.participant_id is not None else -self.contact_id

    @property
    def actor(self) -> str:
        return f"correspondent:{self.correspondent_id}"

    @property
    def as_whom(self) -> str:
        return "self" if self.relation == "self" else "caregiver"


def status_at(now: Any) -> Any:
    """As `timeline.status_of` has it: an end that stands comes first, one that was written anew counts no more."""
    later, ended = aliased(StatusChange), StatusChange.status == "ended"
    after = select(literal(1)).where(
        later.participant_id == StatusChange.participant_id,
        later.status_change_id > StatusChange.status_change_id,
    )
    anew = after.where(later.status == "ended").correlate(StatusChange).exists()
    goes_on = after.where(later.status == "active", later.effective_from >= StatusChange.effective_from)
    stands = and_(ended, ~goes_on.correlate(StatusChange).exists())
    return (
        select(StatusChange.status)
        .where(StatusChange.participant_id == CareLink.participant_id, StatusChange.effective_from <= now)
        .where(~and_(ended, anew))
        .order_by(stands.desc(), StatusChange.effective_from.desc(), StatusChange.status_change_id.desc())
        .limit(1)
        .correlate_except(StatusChange)
        .scalar_subquery()
    )


_latest = (
    select(Consent.matter, Consent.decision)
    .where(
        Consent.participant_id == CareLink.participant_id,
        Consent.correspondent_id == Contact.correspondent_id,
    )
    .ext(distinct_on(Consent.matter))
    .order_by(Consent.matter, Consent.consent_id.desc())
    .correlate(CareLink, Contact)
    .subquery()
)
_consents = func.array(
    select(_latest.c.matter).where(_latest.c.decision == "given").scalar_subquery(), type_=ARRAY(String)
)
OF_LINK: tuple[Any, ...] = (
    CareLink.participant_id,
    CareLink.relation,
    Participant.site_id,
    Participant.study,
    Site.phone,
    Site.zone,
    Site.telegram_mode,
)
_COLUMNS: tuple[Any, ...] = (
    Contact.contact_id,
    Contact.channel,
    Contact.account,
    Contact.key_id,
    Contact.state,
    Contact.correspondent_id,
    Contact.staff_id,
    Correspondent.language,
    *OF_LINK,
    _consents.label("consents"),
)


def _people(now: Any) -> Select[*tuple[Any, ...]]:
    """Contacts with whoever is behind them, the newest link first."""
    return (
        select(*_COLUMNS, status_at(now).label("status"))
        .select_from(Contact)
        .outerjoin(Correspondent, Correspondent.correspondent_id == Contact.correspondent_id)
        .outerjoin(
            CareLink, and_(CareLink.correspondent_id == Contact.correspondent_id, CareLink.until.is_(None))
        )
        .outerjoin(Participant, Participant.participant_id == CareLink.participant_id)
        .outerjoin(Site, Site.site_id == Participant.site_id)
    )


@built
def _by_contact(contact_id: Any, now: Any) -> Executable:
    newest = _people(now).order_by(CareLink.care_link_id.desc()).limit(1)
    return newest.where(Contact.contact_id == contact_id)


async def by_contact(tx: Tx, contact_id: int) -> Who:
    return _who((await tx.execute(_by_contact(contact_id, tx.now))).one())


@built
def _by_address(channel: Any, account: Any, lookup: Any, now: Any) -> Executable:
    newest = _people(now).order_by(CareLink.care_link_id.desc()).limit(1)
    return newest.where(
        Contact.channel == channel, Contact.account == account, Contact.address_lookup == lookup
    )


async def find(tx: Tx, channel: str, account: str, address: str) -> Who | None:
    lookup = tx.ctx.keyring.lookup("address", f"{channel}\0{account}\0{address}")
    row = await tx.first(_by_address(channel, account, lookup, tx.now))
    return None if row is None else _who(row)


async def add_contact(
    tx: Tx, channel: str, account: str, address: str, key_id: uuid.UUID, staff_id: int
) -> int:
    """An address of a staff member, known from the start."""
    statement = (
        insert(Contact)
        .values(
            channel=channel,
            account=account,
            address_lookup=tx.ctx.keyring.lookup("address", f"{channel}\0{account}\0{address}"),
            address_sealed=await sealing.seal(tx, key_id, "address", address),
            key_id=key_id,
            staff_id=staff_id,
            state="active",
            created_at=tx.now,
            bound_at=tx.now,
        )
        .returning(Contact.contact_id)
    )
    return int((await tx.execute(statement)).scalar_one())


def of_this_screen(who: Who) -> Who:
    """Whose words this telephone may show: nobody's, once the person has moved to another."""
    if who.state != "moved":
        return who
    return replace(who, correspondent_id=None, participant_id=None, relation="")


async def said_no(tx: Tx, participant_id: int) -> bool:
    """Whether the participant refused the use of his health data, or took his consent back. Then nobody tells of him here."""
    return await tx.scalar(_said_no(participant_id)) not in (None, "given")


@built
def _said_no(participant_id: Any) -> Executable:
    return select(_own_word(participant_id))


@built
def _of_participant(participant_id: Any, now: Any) -> Executable:
    linked = _people(now).where(CareLink.participant_id == participant_id, Contact.state == "active")
    agrees = func.coalesce(_own_word(participant_id), "given") == "given"
    return linked.where(agrees).order_by(Contact.contact_id)


def _own_word(participant_id: Any) -> Any:
    """What the participant said last of the use of his health data; nothing where only his family uses this."""
    own = aliased(CareLink)
    return (
        select(Consent.decision)
        .join(own, own.correspondent_id == Consent.correspondent_id)
        .where(own.participant_id == participant_id, own.relation == "self", own.until.is_(None))
        .where(Consent.participant_id == participant_id, Consent.matter == "health_data")
        .order_by(Consent.consent_id.desc())
        .limit(1)
        .correlate_except(Consent, own)  # asked for many at once, each is one of them
        .scalar_subquery()
    )


async def reachable(tx: Tx, participant_id: int) -> list[Who]:
    """Contacts that may be written to unasked: linked, open, consented; the participant's own before caregivers'.

    Caregivers are written to only where the participant has no address of his own. Where he said no himself, nobody is:
    what he does not want to hear is not told to his family instead.
    """
    rows = await tx.all(_of_participant(participant_id, tx.now))
    able = [who for who in map(_who, rows) if _may_write(who)]
    own = [who for who in able if who.relation == "self"]
    return own or able


def _may_write(who: Who) -> bool:
    return who.may_hear and (who.channel != "telegram" or who.telegram_mode != "off")


async def has_consent(tx: Tx, who: Who) -> bool:
    return "health_data" in (await by_contact(tx, who.contact_id)).consents


async def may_hear(tx: Tx, who: Who) -> bool:
    """The same as of this moment, for who may have decided since he was read."""
    return (await by_contact(tx, who.contact_id)).may_hear


@built
def _of_correspondent(correspondent_id: Any, now: Any) -> Executable:
    his = _people(now).where(Contact.correspondent_id == correspondent_id)
    return his.where(or_(Contact.state == "active", Contact.state == "blocked")).order_by(Contact.contact_id)


async def contacts_of(tx: Tx, correspondent_id: int) -> list[Who]:
    """All open contacts of one correspondent: the screens on which one conversation shows."""
    return [_who(row) for row in await tx.all(_of_correspondent(correspondent_id, tx.now))]


def _who(row: Row[Any]) -> Who:
    get = row._mapping
    return Who(
        contact_id=get["contact_id"],
        channel=get["channel"],
        account=get["account"],
        key_id=get["key_id"],
        state=get["state"],
        correspondent_id=get["correspondent_id"],
        language=get["language"] or "zh_Hans_CN",
        participant_id=get["participant_id"],
        relation=get["relation"] or "",
        site_id=get["site_id"],
        site_phone=get["phone"] or "",
        zone=get["zone"] or "Asia/Shanghai",
        study=get["study"] or "",
        telegram_mode=get["telegram_mode"] or "full",
        staff_id=get["staff_id"],
        status=get["status"] or "active",
        consents=frozenset(get["consents"]),
    )
