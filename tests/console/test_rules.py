"""Rules on the console: read by whoever may look, signed by an investigator, and every page says so while they are not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Row, select, text, update
from sqlalchemy.exc import DBAPIError

from bot.app.sources import shipped
from bot.db.audit import AuditEntry
from bot.db.deployments import Deployment
from bot.db.rules import RuleSignature
from bot.errors import Refused
from bot.services import book, rule_sets, rule_signatures
from tests.support.house import enrolled as enrol_one
from tests.support.office import PASSWORD, Office, office

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
STUDY = "nct04217967"
UNSIGNED = "for demonstration or rehearsal only"


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        yield opened


async def edition(town: Office) -> str:
    async with town.ctx.begin() as tx:
        return rule_sets.in_force(tx, STUDY).hash


async def signatures(town: Office) -> list[Row[Any]]:
    async with town.ctx.begin() as tx:
        return await tx.all(select(RuleSignature))


def form(edition: str, **changed: str) -> dict[str, str]:
    return {"study": STUDY, "seen": edition, "approved": "yes", "password": PASSWORD, **changed}


async def test_until_somebody_signs_every_page_says_so(town: Office) -> None:
    async with town.signed_in("nurse") as nurse:
        for path in ("/console/worklist", "/console/alerts", "/console/rules", "/console/account"):
            assert UNSIGNED in (await nurse.get(path)).text, path
        page = (await nurse.get("/console/rules")).text
        assert "numbness_with_pain@2" in page and "手脚麻木并疼痛" in page
        assert 'action="/console/rules/sign"' not in page
    async with town.signed_in("investigator") as boss:
        page = (await boss.get("/console/rules")).text
        assert 'action="/console/rules/sign"' in page
        page = (await boss.follow("/console/rules/sign", **form(await edition(town)))).text
        assert "The rules are signed." in page and "investigator TST" in page
        assert UNSIGNED not in page
    (row,) = await signatures(town)
    assert (row.study, row.rules_hash, row.meaning) == (STUDY, await edition(town), "approved")
    assert set(row.parts) == {
        "danger danger",
        "grading grading",
        "label label",
        "labs labs",
        "questionnaire weekly",
        "questions questions",
        f"study {STUDY}",
        "symptoms symptoms",
        "triage triage",
    }
    async with town.ctx.begin() as tx:
        entries = await tx.all(select(AuditEntry).where(AuditEntry.action == "rules_signed"))
    assert len(entries) == 1


@pytest.mark.parametrize("role", ["nurse", "coordinator", "monitor", "administrator"])
async def test_nobody_else_signs(town: Office, role: str) -> None:
    async with town.signed_in(role) as visitor:
        answer = await visitor.post("/console/rules/sign", **form(await edition(town)))
    assert answer.status_code == 403
    assert await signatures(town) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "another password altogether"}, "password"),
        ({"seen": "0" * 64}, "have changed since you read them"),
        ({"approved": ""}, "Tick the statement first."),
    ],
)
async def test_a_signature_needs_password_statement_and_the_edition_that_was_read(
    town: Office, changed: dict[str, str], said: str
) -> None:
    async with town.signed_in("investigator") as boss:
        answer = await boss.post("/console/rules/sign", **form(await edition(town), **changed))
    assert answer.status_code == 422
    assert said in answer.text
    assert await signatures(town) == []


async def test_signing_twice_is_one_signature_and_nobody_changes_it(town: Office) -> None:
    async with town.signed_in("investigator") as boss:
        for _ in range(2):
            await boss.get("/console/rules")
            await boss.post("/console/rules/sign", **form(await edition(town)))
    assert len(await signatures(town)) == 1
    for statement in ("UPDATE rule_signature SET meaning = 'x'", "DELETE FROM rule_signature"):
        with pytest.raises(DBAPIError):
            async with town.ctx.begin() as tx:
                await tx.execute(text(statement))


async def test_a_new_edition_is_unsigned_again(town: Office) -> None:
    async with town.signed_in("investigator") as boss:
        await boss.get("/console/rules")
        await boss.post("/console/rules/sign", **form(await edition(town)))
        await _publish_again(town, "triage")
        page = (await boss.get("/console/rules")).text
    assert UNSIGNED in page and "an older edition" in page


async def test_on_a_live_database_the_last_signed_edition_goes_on_until_somebody_signs_the_new_one(
    town: Office,
) -> None:
    person = await enrol_one(town.town, "ixazomib")
    signed = await edition(town)
    async with town.signed_in("investigator") as boss:
        await boss.post("/console/rules/sign", **form(signed))
    await _mark(town, "live")  # and so the clock goes on
    await _publish_again(town, "triage", "questionnaire")
    assert await edition(town) != signed
    async with town.signed_in(
        "nurse"
    ) as nurse:  # without a second factor a live console shows the account alone
        page = (await nurse.get("/console/account")).text
        assert "Checks go on by the edition signed on Mon, 2 Nov" in page and signed[:12] in page
    async with town.ctx.begin() as tx:
        assert await rule_signatures.may_run(tx, STUDY)
        assert not await rule_signatures.may_enrol(tx, STUDY)
        goes_on = await rule_sets.of_participant(tx, person.participant_id)
        assert goes_on.hash == signed
        key, _ = await rule_sets.check_of(tx, person.participant_id)
        assert key == goes_on.parts["questionnaire weekly"]
        assert key != rule_sets.in_force(tx, STUDY).parts["questionnaire weekly"]
    await _mark(town, "demo")
    async with town.signed_in("investigator") as boss:
        await boss.post("/console/rules/sign", **form(await edition(town)))
    await _mark(town, "live")
    async with town.ctx.begin() as tx:
        assert (await rule_sets.of_participant(tx, person.participant_id)).hash != signed
        assert await rule_signatures.waiting(tx) == ()


async def _mark(town: Office, mark: str) -> None:
    async with town.ctx.begin() as tx:
        await tx.execute(update(Deployment).values(mark=mark, virtual_now=None))


async def _publish_again(town: Office, *kinds: str) -> None:
    """The same definitions with a remark at their end: new editions."""
    sources = [source for _, source in shipped() if source.kind in kinds]
    again = [book.Source(one.kind, one.name, f"{one.body}\n# read again\n") for one in sources]
    await book.publish(town.ctx, again, "test")


async def test_on_a_live_database_unsigned_rules_enrol_nobody(town: Office) -> None:
    await _mark(town, "live")
    with pytest.raises(Refused, match="unsigned_live"):
        await enrol_one(town.town, "ixazomib")
    async with town.ctx.begin() as tx:
        assert not await rule_signatures.may_run(tx, STUDY)
