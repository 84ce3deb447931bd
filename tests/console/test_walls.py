"""Every route, every role, a neighbour site's ids: what may be seen is seen, and nothing else, not even that it exists."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import insert, select

from bot.console.pages import PAGES
from bot.db.alerts import Alert
from bot.db.doses import DoseEvent
from bot.db.inbox import InboxMessage
from bot.db.media import MediaItem
from bot.messages import Kind, Media
from bot.rehearsal.stage import Stage
from bot.services import access
from bot.services.access import ROLES, Session, SiteOf
from bot.services.context import Tx
from bot.services.enrolment import NewParticipant, enrol
from bot.services.people import by_contact
from bot.services.sealing import seal
from tests.support.house import STAFF
from tests.support.office import Office, email, office
from tests.support.snapshots import once

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
SECRET_NAME, SECRET_PHONE, SECRET_WORDS = "欧阳若兰", "13700005678", "胸口疼，喘不上气"


@dataclass(frozen=True, slots=True)
class Ids:
    """One participant with everything that an address can name."""

    participant_id: int
    dose_id: int
    alert_id: int
    media_item_id: int
    staff_id: int
    code: str


@dataclass(slots=True)
class Two:
    office: Office
    ids: dict[str, Ids]


@pytest.fixture
async def two(unmade_url: str) -> AsyncIterator[Two]:
    """The same person's story at both sites: linked, danger words written, a picture sent."""
    async with office(unmade_url, NOW) as opened:
        yield Two(opened, await once(opened.ctx, "a story at both sites", lambda: _stories(opened)))


async def _stories(opened: Office) -> dict[str, Ids]:
    return {site: await _story(opened, site) for site in ("TST", "NBR")}


async def _story(opened: Office, site: str) -> Ids:
    stage = Stage(opened.ctx)
    async with opened.ctx.begin() as tx:
        new = NewParticipant(
            "nct04217967", site, "combination", date(2026, 11, 2), time(8), SECRET_NAME, SECRET_PHONE, "female", 1956
        )  # fmt: skip
        done = await enrol(tx, new, STAFF)
    phone = stage.phone(f"phone-{site}", channel="web")
    await stage.say(phone, done.invited.code, Kind.START)
    await stage.say(phone, SECRET_PHONE[-4:])
    await stage.say(phone, SECRET_WORDS)
    await stage.hear(phone, Kind.MEDIA, media=Media("picture", b"\x89PNG", "image/png"))
    async with opened.ctx.begin() as tx:
        return await _ids(tx, done.participant_id, await opened.staff_id("nurse", site), site)


async def _ids(tx: Tx, participant_id: int, staff_id: int, site: str) -> Ids:
    of = {"participant_id": participant_id}
    dose = select(DoseEvent.dose_id).filter_by(**of).order_by(DoseEvent.due_at).limit(1)
    alert = select(Alert.alert_id).filter_by(**of, kind="danger").limit(1)
    item = await tx.scalar(select(MediaItem.media_item_id).filter_by(**of).limit(1))
    if item is None:
        item = await _keep(tx, participant_id)
    return Ids(participant_id, await tx.scalar(dose), await tx.scalar(alert), item, staff_id, site)


async def _keep(tx: Tx, participant_id: int) -> int:
    """A picture that the conversation was too young to take is kept by hand."""
    row = await tx.first(select(InboxMessage).filter_by(participant_id=participant_id, kind="media").limit(1))
    if row is None:
        row = await tx.first(select(InboxMessage).filter_by(participant_id=participant_id).limit(1))
    assert row is not None
    who = await by_contact(tx, row.contact_id)
    kept = await seal(tx, who.key_id, "media", b"\x89PNG")
    values = {
        "inbox_id": row.inbox_id,
        "participant_id": participant_id,
        "channel": "web",
        "account": "stage",
    }
    statement = insert(MediaItem).values(
        **values, state="kept", tries=0, next_try_at=tx.now, kept_sealed=kept, settled_at=tx.now
    )
    return int(await tx.scalar(statement.returning(MediaItem.media_item_id)))


def address(path: str, ids: Ids) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: str(getattr(ids, found[1])), path)


def named(path: str) -> bool:
    """Whether the address names something of a site."""
    return "{" in path


SIGNED_OUT_TO = 303
WALKED = [page for page in PAGES if page.door != "open" and page.path != "/console/sign-out"]


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_every_route_of_the_own_site(two: Two, role: str) -> None:
    """What the role may do is not forbidden; what it may not is 403. Nothing falls over on an empty form."""
    async with two.office.signed_in(role) as visitor:
        for page in WALKED:
            path = address(page.path, two.ids["TST"])
            response = await (visitor.get(path) if page.method == "GET" else visitor.post(path))
            allowed = page.door == "anybody" or page.door in ROLES[role]
            assert response.status_code != 500
            assert (response.status_code == 403) == (not allowed), f"{role} {page.method} {page.path}"
            if not allowed:
                assert_nothing_told(response.text)


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_no_route_tells_anything_of_the_neighbour(two: Two, role: str) -> None:
    """The neighbour's ids are answered like ids that do not exist: 404, and never with data."""
    before = await counts(two)
    nobody = Ids(10**12, 10**12, 10**12, 10**12, 10**12, "NONE")
    async with two.office.signed_in(role) as visitor:
        for page in filter(lambda page: named(page.path), WALKED):
            answers = []
            for ids in (two.ids["NBR"], nobody):
                path = address(page.path, ids)
                response = await (
                    visitor.get(path) if page.method == "GET" else visitor.post(path, **filled(page.path))
                )
                assert response.status_code in (403, 404), f"{role} {page.method} {page.path}"
                assert_nothing_told(response.text)
                assert "NBR-001" not in response.text
                answers.append(response.status_code)
            assert answers[0] == answers[1]
    assert await counts(two) == before


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_a_neighbours_rows_under_an_own_participant(two: Two, role: str) -> None:
    """The participant in the address is one's own, the dose or picture somebody else's: it is not found."""
    own, other = two.ids["TST"], two.ids["NBR"]
    mixed = Ids(own.participant_id, other.dose_id, other.alert_id, other.media_item_id, other.staff_id, "TST")
    async with two.office.signed_in(role) as visitor:
        for page in WALKED:
            if not re.search(r"dose_id|media_item_id|staff_id", page.path):
                continue
            path = address(page.path, mixed)
            response = await (
                visitor.get(path) if page.method == "GET" else visitor.post(path, **filled(page.path))
            )
            expected = (403, 404, 422) if page.path.endswith("/reset") else (403, 404)
            assert response.status_code in expected, f"{role} {page.method} {page.path}"


def filled(path: str) -> dict[str, str]:
    """A form that would do something, were it allowed to."""
    return {
        "what": "hold" if "decisions" in path else "called",
        "reason": "other",
        "outcome": "settled",
        "note": "done",
        "words": "hello",
        "once": "0123456789012345678901",
        "why": "new_phone",
        "said": "as_planned",
        "name": "New name",
        "phone": "010-99999999",
        "digest_at": "07:00",
        "escalate_minutes": "5",
        "language": "en",
        "telegram_mode": "off",
        "email": email("nurse", "NBR"),
        "active": "no",
        "role": "administrator",
    }


def assert_nothing_told(text: str) -> None:
    for secret in (SECRET_NAME, SECRET_PHONE, SECRET_WORDS):
        assert secret not in text


async def counts(two: Two) -> tuple[object, ...]:
    """What an act on the neighbour's participant would have changed."""
    from bot.db.alerts import AlertStep
    from bot.db.audit import AuditHead
    from bot.db.sites import Site, StaffMember

    other = two.ids["NBR"]
    async with two.office.ctx.begin() as tx:
        heads = await tx.all(select(AuditHead).filter_by(chain=f"participant:{other.participant_id}"))
        steps = await tx.all(select(AlertStep.alert_step_id).filter_by(alert_id=other.alert_id))
        site = await tx.all(select(Site).filter_by(code="NBR"))
        staff = await tx.all(select(StaffMember.active).filter_by(staff_id=other.staff_id))
        return tuple(map(tuple, [*heads, *steps, *site, *staff]))


async def test_a_monitor_reads_without_names_and_words(two: Two) -> None:
    own = two.ids["TST"]
    async with two.office.signed_in("monitor") as monitor:
        for path in ("/console/worklist", "/console/alerts", f"/console/alerts/{own.alert_id}"):
            assert_nothing_told((await monitor.get(path)).text)
        for rest in ("", "/messages", "/sent", f"/doses/{own.dose_id}"):
            response = await monitor.get(f"/console/participants/{own.participant_id}{rest}")
            assert response.status_code == 200
            assert_nothing_told(response.text)
            assert "TST-001" in response.text


async def test_an_administrator_sees_no_patient(two: Two) -> None:
    async with two.office.signed_in("administrator") as administrator:
        response = await administrator.get("/console/sites/TST")
        assert response.status_code == 200
        assert "TST-001" not in response.text
        assert_nothing_told(response.text)


async def test_a_nurse_sees_her_site_and_the_reading_is_written_down(two: Two) -> None:
    from bot.db.audit import AuditEntry

    own = two.ids["TST"]
    async with two.office.signed_in("nurse") as nurse:
        page = await nurse.get(f"/console/participants/{own.participant_id}/messages")
        assert SECRET_NAME in page.text and SECRET_WORDS in page.text
        picture = await nurse.get(f"/console/participants/{own.participant_id}/media/{own.media_item_id}")
        assert picture.content == b"\x89PNG"
        assert "sandbox" in picture.headers["content-security-policy"]
        staff_id = await two.office.staff_id("nurse")
        async with two.office.ctx.begin() as tx:
            rows = await tx.all(select(AuditEntry).filter_by(chain=f"staff:{staff_id}"))
        read = {row.action for row in rows if own.participant_id in row.detail.get("participants", ())}
        assert {"read_names", "read_words"} <= read


async def test_the_database_itself_hides_the_neighbour(two: Two) -> None:
    """Were a page to forget its filter, row-level security would still stand."""
    from bot.db import tables
    from bot.db.sites import Site

    hidden = 0
    async with two.office.ctx.begin() as tx:
        sites = await tx.all(select(Site.site_id).filter_by(code="TST"))
    session = Session(
        0, "nurse", "", "en", (SiteOf(sites[0].site_id, "TST", "", "UTC"),), {}, False, False, b""
    )
    async with access.scoped(two.office.ctx, session) as tx:
        for table in tables.metadata.sorted_tables:
            if "participant_id" not in table.columns:
                continue
            seen = (await tx.execute(select(table.c.participant_id).distinct())).scalars().all()
            assert two.ids["NBR"].participant_id not in seen, table.name
            hidden += two.ids["TST"].participant_id in seen
    assert hidden >= 8


def test_every_page_names_its_door() -> None:
    open_pages = {page.path for page in PAGES if page.door == "open"}
    assert open_pages == {"/console/sign-in", "/console/activate", "/console/language"}
    assert len({(page.method, page.path) for page in PAGES}) == len(PAGES)


async def test_nobody_gets_in_without_signing_in(two: Two) -> None:
    async with two.office.visitor() as visitor:
        await visitor.get("/console/sign-in")
        for page in WALKED:
            path = address(page.path, two.ids["TST"])
            if page.method == "GET":
                response = await visitor.get(path)
                assert (response.status_code, response.headers["location"]) == (303, "/console/sign-in")
            else:
                response = await visitor.post(path, note="my note")
                assert response.status_code == 401
                assert "my note" in response.text, "what was typed is given back"
