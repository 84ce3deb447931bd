"""The door of the console: who comes in, who does not, and that nobody learns which names exist."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest
from sqlalchemy import select, update

from bot.db.access import StaffLogin, StaffSession
from bot.db.deployments import Deployment
from bot.db.sites import StaffMember
from bot.services import deployment, passwords, signing_in
from bot.services.second_factor import STEP_SECONDS
from tests.support.office import HOST, PASSWORD, Office, Visitor, email, office

NOW = datetime(2026, 11, 4, 1, 0, tzinfo=UTC)
WRONG = "The e-mail address, the password or the code is wrong."


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        yield opened


@pytest.fixture
async def visitor(town: Office) -> AsyncIterator[Visitor]:
    async with town.visitor() as someone:
        await someone.get("/console/sign-in")
        yield someone


async def test_the_right_password_opens_the_inbox(visitor: Visitor) -> None:
    response = await visitor.post("/console/sign-in", name=email("nurse"), password=PASSWORD)
    assert response.status_code == 303
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    assert (await visitor.get("/console/alerts")).status_code == 200


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        (email("nurse"), "not the password", ""),
        ("nobody@tst.example", PASSWORD, ""),
        ("", "", ""),
        (email("nurse"), PASSWORD + " ", ""),
        ("' OR 1=1 --", "' OR 1=1 --", ""),
        ("💊" * 300, "\x00\ud83d".encode("utf-8", "replace").decode() * 500, "٣٤٥"),
    ],
)
async def test_whatever_is_wrong_is_answered_alike(
    visitor: Visitor, name: str, password: str, code: str
) -> None:
    response = await visitor.post("/console/sign-in", name=name, password=password, code=code)
    assert response.status_code == 401
    assert WRONG in response.text
    assert password not in response.text or not password


@pytest.mark.parametrize("name", [email("nurse"), "nobody@tst.example"])
async def test_after_five_wrong_ones_even_the_right_one_waits(
    town: Office, visitor: Visitor, name: str
) -> None:
    for _ in range(5):
        assert (await visitor.post("/console/sign-in", name=name, password="wrong")).status_code == 401
    response = await visitor.post("/console/sign-in", name=name, password=PASSWORD)
    assert response.status_code == 429
    assert "wait 15 minutes" in response.text
    await deployment.set_virtual_now(town.ctx, NOW + timedelta(minutes=16))
    response = await visitor.post("/console/sign-in", name=name, password=PASSWORD)
    assert response.status_code == (303 if name == email("nurse") else 401)


async def test_a_form_of_another_site_is_refused(visitor: Visitor) -> None:
    visitor.headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await visitor.post("/console/sign-in", name=email("nurse"), password=PASSWORD)).status_code == 403
    visitor.headers = {"origin": HOST}
    response = await visitor.post("/console/sign-in", name=email("nurse"), password=PASSWORD, check="0" * 64)
    assert response.status_code == 403
    assert "form has expired" in response.text


async def test_a_session_idles_out_and_has_an_absolute_end(town: Office) -> None:
    async with town.signed_in("nurse") as nurse:
        await deployment.set_virtual_now(town.ctx, NOW + timedelta(minutes=29))
        assert (await nurse.get("/console/alerts")).status_code == 200
        await deployment.set_virtual_now(town.ctx, NOW + timedelta(minutes=58))
        assert (await nurse.get("/console/alerts")).status_code == 200
        await deployment.set_virtual_now(town.ctx, NOW + timedelta(minutes=89))
        assert (await nurse.get("/console/alerts")).status_code == 303
    async with town.signed_in("nurse") as nurse:
        begun = NOW + timedelta(minutes=89)
        for quarter in range(1, 48):
            await deployment.set_virtual_now(town.ctx, begun + timedelta(minutes=15 * quarter))
            assert (await nurse.get("/console/alerts")).status_code == 200
        await deployment.set_virtual_now(town.ctx, begun + timedelta(hours=12))
        assert (await nurse.get("/console/alerts")).status_code == 303


async def test_a_page_that_looks_again_by_itself_keeps_no_session_alive(town: Office) -> None:
    async with town.signed_in("nurse") as nurse:
        for minutes in (10, 20, 29):
            await deployment.set_virtual_now(town.ctx, NOW + timedelta(minutes=minutes))
            assert (await nurse.get("/console/worklist?again=1")).status_code == 200
        await deployment.set_virtual_now(town.ctx, NOW + timedelta(minutes=31))
        assert (await nurse.get("/console/worklist?again=1")).status_code == 303


async def test_over_https_the_cookie_belongs_to_this_host_alone(town: Office) -> None:
    from dataclasses import replace

    from fastapi import FastAPI

    from bot.console.pages import console_router

    addresses = replace(town.ctx.addresses, public_url="https://suiyao.example")
    app = FastAPI()
    app.include_router(console_router(replace(town.ctx, addresses=addresses)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://suiyao.example") as client:
        someone = Visitor(client, headers={"origin": "https://suiyao.example"})
        await someone.get("/console/sign-in")
        response = await someone.post("/console/sign-in", name=email("nurse"), password=PASSWORD)
    cookie = response.headers.get_list("set-cookie")[0]
    assert cookie.startswith("__Host-suiyao-staff=") and "Secure" in cookie
    assert "strict-transport-security" in response.headers


async def test_on_a_live_database_nobody_works_without_a_second_factor(town: Office) -> None:
    async with town.ctx.begin() as tx:
        await tx.execute(update(Deployment).values(mark="live", virtual_now=None))
    async with town.signed_in("nurse") as nurse:
        response = await nurse.get("/console/worklist")
        assert (response.status_code, response.headers["location"]) == (303, "/console/account")


async def test_signing_out_ends_the_session_on_the_server(town: Office) -> None:
    async with town.signed_in("nurse") as nurse:
        token = nurse.client.cookies["suiyao-staff"]
        await nurse.post("/console/sign-out")
        nurse.client.cookies.set("suiyao-staff", token)
        assert (await nurse.get("/console/alerts")).status_code == 303


async def test_signing_in_again_replaces_the_token(town: Office, visitor: Visitor) -> None:
    await visitor.post("/console/sign-in", name=email("nurse"), password=PASSWORD)
    first = visitor.client.cookies["suiyao-staff"]
    await signing_in.sign_in(town.ctx, email("nurse"), PASSWORD, "", replaces=first)
    assert (await visitor.get("/console/alerts")).status_code == 303


async def test_only_hashes_of_tokens_and_passwords_are_kept(town: Office) -> None:
    async with town.signed_in("nurse") as nurse:
        token = nurse.client.cookies["suiyao-staff"]
        async with town.ctx.begin() as tx:
            hashes = [row.token_hash for row in await tx.all(select(StaffSession))]
            logins = await tx.all(select(StaffLogin.password_hash))
        assert token.encode() not in hashes
        assert (await passwords.hashed(PASSWORD)).split("$")[1:4] == ["argon2id", "v=19", "m=19456,t=2,p=1"]
        assert all(row.password_hash.startswith("$argon2id$") for row in logins)


async def test_a_deactivated_person_is_out_at_once(town: Office) -> None:
    async with town.signed_in("nurse") as nurse:
        staff_id = await town.staff_id("nurse")
        async with town.ctx.begin() as tx:
            await tx.execute(update(StaffMember).where(StaffMember.staff_id == staff_id).values(active=False))
        assert (await nurse.get("/console/alerts")).status_code == 303


class TestActivation:
    async def test_a_code_works_once_and_only_for_its_person(self, town: Office, visitor: Visitor) -> None:
        staff_id = await town.staff_id("nurse")
        async with town.ctx.begin() as tx:
            code = await signing_in.new_activation(tx, staff_id, email("nurse"), "test")
        new = "another long password"
        form = {"password": new, "again": new}
        await visitor.get("/console/activate")
        wrong = await visitor.post("/console/activate", name=email("monitor"), code=code, **form)
        assert wrong.status_code == 422
        typed = f" {code.upper().replace('-', ' ')} "
        right = await visitor.post("/console/activate", name=email("nurse").upper(), code=typed, **form)
        assert right.status_code == 303
        again = await visitor.post("/console/activate", name=email("nurse"), code=code, **form)
        assert again.status_code == 422
        await visitor.get("/console/sign-in")
        signed = await visitor.post("/console/sign-in", name=email("nurse"), password=new)
        assert signed.status_code == 303

    async def test_a_code_expires(self, town: Office, visitor: Visitor) -> None:
        staff_id = await town.staff_id("nurse")
        async with town.ctx.begin() as tx:
            code = await signing_in.new_activation(tx, staff_id, email("nurse"), "test")
        await deployment.set_virtual_now(town.ctx, NOW + timedelta(hours=24))
        form = {"password": "another long password", "again": "another long password"}
        response = await visitor.post("/console/activate", name=email("nurse"), code=code, **form)
        assert response.status_code == 422

    @pytest.mark.parametrize(
        "password", ["short", "aaaaaaaaaaaaaaaa", "password12345", "nursenurse12", "qwertyuiop123456789"]
    )
    async def test_an_easy_password_is_refused(self, visitor: Visitor, password: str) -> None:
        response = await visitor.post(
            "/console/activate", name=email("nurse"), code="x", password=password, again=password
        )
        assert response.status_code == 422
        assert "too easy" in response.text or "12 to 256" in response.text


class TestSecondFactor:
    async def set_up(self, town: Office) -> str:
        secret = pyotp.random_base32()
        async with town.signed_in("nurse") as nurse:
            code = pyotp.TOTP(secret).at(int(NOW.timestamp()))
            response = await nurse.post("/console/account/code", secret=secret, code=code, password=PASSWORD)
            assert response.status_code == 303
        return secret

    async def test_it_is_asked_for_and_a_code_works_once(self, town: Office, visitor: Visitor) -> None:
        secret = await self.set_up(town)
        later = NOW + timedelta(seconds=3 * STEP_SECONDS)
        await deployment.set_virtual_now(town.ctx, later)
        code = pyotp.TOTP(secret).at(int(later.timestamp()))
        sign_in = {"name": email("nurse"), "password": PASSWORD}
        assert (await visitor.post("/console/sign-in", **sign_in)).status_code == 401
        assert (await visitor.post("/console/sign-in", **sign_in, code="000000")).status_code == 401
        assert (await visitor.post("/console/sign-in", **sign_in, code=code)).status_code == 303
        async with town.visitor() as other:
            await other.get("/console/sign-in")
            assert (await other.post("/console/sign-in", **sign_in, code=code)).status_code == 401

    async def test_the_password_is_needed_and_the_first_code_must_fit(self, town: Office) -> None:
        secret = pyotp.random_base32()
        code = pyotp.TOTP(secret).at(int(NOW.timestamp()))
        async with town.signed_in("nurse") as nurse:
            for fields in (
                {"secret": secret, "code": code, "password": "wrong"},
                {"secret": secret, "code": "000000", "password": PASSWORD},
                {"secret": "A" * 8, "code": code, "password": PASSWORD},
                {"secret": "", "code": "", "password": PASSWORD},
            ):
                assert (await nurse.post("/console/account/code", **fields)).status_code == 422
        assert await signing_in.sign_in(town.ctx, email("nurse"), PASSWORD, "")


async def test_every_answer_carries_the_armour(visitor: Visitor) -> None:
    for path in ("/console/sign-in", "/console/alerts", "/console/static/none"):
        headers = (await visitor.get(path)).headers
        assert headers["cache-control"] == "no-store"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers["x-frame-options"] == "DENY"
