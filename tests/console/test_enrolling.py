"""Enrolment with its record of conditions, invitations, the site's settings and accounts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.db.audit import AuditEntry
from bot.db.people import EligibilityAnswer, Invitation, Participant
from bot.db.sites import Site, StaffMember
from bot.messages import Kind
from bot.rehearsal.stage import Stage
from tests.support.office import Office, email, office
from tests.support.patient import enrolled, linked

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
CRITERIA = ("response", "ecog", "liver", "viruses", "pregnancy", "contraception", "consent")
MET = {f"criterion-{one}": "met" for one in CRITERIA}
PERSON = {
    "study": "nct04217967",
    "site": "TST",
    "arm": "combination",
    "start": "2026-11-03",
    "dose_time": "08:00",
    "name": "欧阳若兰",
    "phone": "137 0000 5678",
    "sex": "female",
    "birth_year": "1956",
    "language": "zh_Hans_CN",
}
ONCE = "0123456789012345678901"
CODE = re.compile(r"/i/([A-Za-z0-9_-]{22})")


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        yield opened


async def count(town: Office, table: Any) -> int:
    async with town.ctx.begin() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)))


async def test_from_the_form_to_a_linked_phone(town: Office) -> None:
    async with town.signed_in("coordinator") as visitor:
        page = await visitor.post("/console/enrol", **PERSON, **MET, once=ONCE)
        assert page.status_code == 200
        code = CODE.search(page.text)
        assert code is not None and '<svg xmlns="http://www.w3.org/2000/svg"' in page.text
        again = await visitor.post("/console/enrol", **PERSON, **MET, once=ONCE)
        assert again.status_code == 422 and "sent before" in again.text
    assert await count(town, Participant) == 1
    stage = Stage(town.ctx)
    phone = stage.phone("1001")
    await stage.say(phone, code[1], Kind.START)
    await stage.say(phone, "5678")
    assert "手机" in stage.shown[-1].text or stage.shown[-1].choices
    async with town.ctx.begin() as tx:
        rows = await tx.all(select(AuditEntry).filter_by(action="eligibility"))
        kept = await tx.all(select(EligibilityAnswer).order_by(EligibilityAnswer.eligibility_answer_id))
    actor = f"staff:{await town.staff_id('coordinator')}"
    assert rows[0].detail["answers"] == dict.fromkeys(CRITERIA, "met")
    assert rows[0].actor == actor
    assert [(one.criterion, one.answer, one.recorded_by) for one in kept] == [
        (criterion, "met", actor) for criterion in CRITERIA
    ]
    async with town.signed_in("nurse") as nurse:
        page = await nurse.get(f"/console/participants/{kept[0].participant_id}")
        assert "Neither pregnant nor breast-feeding" in page.text and "study version" in page.text


BAD: tuple[dict[str, str], ...] = (
    {"criterion-ecog": "not_met"},
    {"criterion-consent": "unsure"},
    {"criterion-liver": ""},
    {"criterion-liver": "perhaps"},
    {"start": "3 November"},
    {"start": "2029-01-01"},
    {"dose_time": "25:00"},
    {"dose_time": "23:00"},
    {"name": "   "},
    {"phone": "12"},
    {"sex": "x"},
    {"birth_year": "１９５６"},
    {"birth_year": "2020"},
    {"birth_year": ""},
    {"arm": "placebo"},
    {"once": ""},
)


async def test_nobody_is_enrolled_on_a_bad_form_and_what_was_typed_stays(town: Office) -> None:
    async with town.signed_in("coordinator") as visitor:
        for changed in BAD:
            response = await visitor.post("/console/enrol", **{**PERSON, **MET, "once": ONCE, **changed})
            assert response.status_code == 422, changed
            assert 'class="fault"' in response.text, changed
            assert PERSON["name"] in response.text or "name" in changed, changed
    assert await count(town, Participant) == 0


@pytest.mark.parametrize(("field", "value"), [("site", "NBR"), ("site", "NONE"), ("study", "other")])
async def test_the_site_comes_from_the_session(town: Office, field: str, value: str) -> None:
    async with town.signed_in("coordinator") as visitor:
        response = await visitor.post("/console/enrol", **{**PERSON, **MET, "once": ONCE, field: value})
        assert response.status_code == 404
    assert await count(town, Participant) == 0


async def test_a_new_phone_takes_the_place_of_the_old_one(town: Office) -> None:
    person = await enrolled(town)
    stage, old = await linked(town, person)
    path = f"/console/participants/{person.participant_id}/invitation"
    async with town.signed_in("nurse") as nurse:
        assert (await nurse.post(path, why="curiosity", once=ONCE)).status_code == 422
        page = await nurse.post(path, why="new_phone", once=ONCE)
        code = CODE.search(page.text)
        assert code is not None
        assert (await nurse.post(path, why="new_phone", once=ONCE)).status_code == 422
    new = stage.phone("2002")
    await stage.say(new, code[1], Kind.START)
    await stage.say(new, "1234")
    assert not [shown for shown in stage.shown if shown.phone == old.address and "不再用来" in shown.text]
    await stage.press(new, "我是本人")
    told = [shown for shown in stage.shown if shown.phone == old.address]
    assert "手机" in told[-1].text
    async with town.ctx.begin() as tx:
        assert [row.code_hash for row in await tx.all(select(Invitation))].count(code[1].encode()) == 0


async def test_a_lost_phone_is_cut_off_when_the_nurse_is_told(town: Office) -> None:
    person = await enrolled(town)
    stage, old = await linked(town, person)
    path = f"/console/participants/{person.participant_id}/invitation"
    async with town.signed_in("nurse") as nurse:
        assert (await nurse.post(path, why="lost_phone", once=ONCE)).status_code == 200
        page = await nurse.get(path)
        assert "moved to another phone" in page.text
    stage.shown.clear()
    await stage.say(old, "今天的药")
    assert len(stage.shown) == 2  # told when it was cut off, and told again
    assert all("不再用来记录" in shown.text for shown in stage.shown)
    async with town.ctx.begin() as tx:
        assert len(await tx.all(select(AuditEntry).filter_by(action="phone_lost"))) == 1


SITE = {
    "name": "协作医院血液科",
    "phone": "010-87654321",
    "language": "zh_Hans_CN",
    "telegram_mode": "notice",
    "digest_at": "07:30",
    "escalate_minutes": "20",
}


async def test_site_settings_are_kept_and_written_down(town: Office) -> None:
    async with town.signed_in("investigator") as visitor:
        page = await visitor.follow("/console/sites/TST", **SITE)
        assert "协作医院血液科" in page.text
    async with town.ctx.begin() as tx:
        site = (await tx.all(select(Site).filter_by(code="TST")))[0]
        actions = [row.action for row in await tx.all(select(AuditEntry).filter_by(chain="system"))]
    assert (site.escalate_minutes, site.telegram_mode, f"{site.digest_at:%H:%M}") == (20, "notice", "07:30")
    assert "site_changed" in actions


@pytest.mark.parametrize(
    "changed",
    [
        {"phone": "call us"},
        {"name": ""},
        {"digest_at": "soon"},
        {"escalate_minutes": "0"},
        {"escalate_minutes": "1e9"},
        {"telegram_mode": "loud"},
        {"language": "fr"},
    ],
    ids=str,
)
async def test_settings_that_would_harm_are_refused(town: Office, changed: dict[str, str]) -> None:
    async with town.signed_in("coordinator") as visitor:
        response = await visitor.post("/console/sites/TST", **{**SITE, **changed})
        assert response.status_code == 422
    async with town.ctx.begin() as tx:
        assert (await tx.all(select(Site.phone).filter_by(code="TST")))[0].phone == "010-12345678"


async def test_an_administrator_adds_resets_and_switches_off(town: Office) -> None:
    new = {"role": "nurse", "name": "新护士", "email": "new@tst.example", "language": "en"}
    async with town.signed_in("administrator") as admin:
        page = await admin.post("/console/sites/TST/staff", **new)
        code = re.search(r'class="big">([a-z2-7-]{19})<', page.text)
        assert code is not None
        assert (await admin.post("/console/sites/TST/staff", **new)).status_code == 422, "address in use"
        for fault in ({"email": "no address"}, {"role": "king"}, {"name": " "}):
            response = await admin.post(
                "/console/sites/TST/staff", **{**new, "email": "b@x.example", **fault}
            )
            assert response.status_code == 422
        own = await town.staff_id("administrator")
        assert (await admin.post(f"/console/sites/TST/staff/{own}/switch", active="no")).status_code == 409
        nurse = await town.staff_id("nurse")
        path = f"/console/sites/TST/staff/{nurse}"
        assert (await admin.post(f"{path}/reset", email=email("coordinator"))).status_code == 422
        assert (await admin.post(f"{path}/reset", email=email("nurse"))).status_code == 200
        async with town.signed_in("nurse") as out:
            await admin.follow(f"{path}/switch", active="no")
            assert (await out.get("/console/worklist")).status_code == 303
    async with town.ctx.begin() as tx:
        assert not (await tx.all(select(StaffMember.active).filter_by(staff_id=nurse)))[0].active


async def test_the_order_of_being_called(town: Office) -> None:
    from bot.services.alerts import on_call

    nurse, coordinator = await town.staff_id("nurse"), await town.staff_id("coordinator")
    neighbour = await town.staff_id("nurse", "NBR")
    async with town.signed_in("coordinator") as visitor:
        order = {
            f"order-{coordinator}": "1",
            f"order-{nurse}": "2",
            f"order-{neighbour}": "9",
            "order-x": "1",
        }
        await visitor.follow("/console/sites/TST/on-call", **order)
    async with town.ctx.begin() as tx:
        site = (await tx.all(select(Site.site_id).filter_by(code="TST")))[0].site_id
        called = [one.staff_id for one in await on_call(tx, site)]
    assert called.index(coordinator) < called.index(nurse)
