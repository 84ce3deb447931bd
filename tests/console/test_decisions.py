"""Decisions with a preview: nothing changes before the confirmation, and only what was seen is made."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from bot.db.people import StatusChange
from bot.db.regimens import CycleStart, DoseLevelChange, Hold
from bot.services import sealing
from tests.support.office import Office, Visitor, office
from tests.support.patient import enrolled

NOW = datetime(2026, 11, 3, 0, 30, tzinfo=UTC)
SEEN = re.compile(r'name="seen" value="(\d+)"')
HOLD = {"what": "hold", "drug": "lenalidomide", "reason": "toxicity"}


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        yield opened


async def rows(town: Office, table: object) -> int:
    async with town.ctx.begin() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)))  # type: ignore[arg-type]  # a mapped class


async def previewed(visitor: Visitor, home: str, **fields: str) -> str:
    response = await visitor.post(f"{home}/decisions/preview", **fields)
    assert response.status_code == 200, response.text
    visitor.last = response.text
    found = SEEN.search(response.text)
    assert found is not None
    return found[1]


async def test_a_hold_is_shown_first_and_then_made(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("investigator") as visitor:
        seen = await previewed(visitor, home, **HOLD)
        assert re.search(r"\d+ messages cancelled, \d+ new", visitor.last)
        assert await rows(town, Hold) == 0, "a preview changes nothing"
        page = await visitor.follow(f"{home}/decisions", **HOLD, seen=seen)
        assert "on hold" in page.text
    async with town.ctx.begin() as tx:
        hold = (await tx.all(select(Hold)))[0]
        assert (hold.drug, hold.reason, hold.confirmed) == ("lenalidomide", "toxicity", True)
        assert hold.recorded_by == f"staff:{await town.staff_id('investigator')}"


async def test_a_note_is_kept_sealed_and_shown_to_who_may_read_words(town: Office) -> None:
    person = await enrolled(town)
    home = f"/console/participants/{person.participant_id}"
    note = "门诊说手麻明显，<b>先停</b>来那度胺"
    async with town.signed_in("investigator") as visitor:
        seen = await previewed(visitor, home, **HOLD, note=note)
        assert "&lt;b&gt;先停" in visitor.last
        await visitor.follow(f"{home}/decisions", **HOLD, note=note, seen=seen)
        assert "&lt;b&gt;先停" in (await visitor.get(f"{home}/decisions")).text
        csv = await visitor.get("/console/report/compliance?study=nct04217967&format=csv")
        assert csv.status_code == 200 and "先停" not in csv.text
        too_long = await visitor.post(f"{home}/decisions/preview", **HOLD, note="长" * 10_001)
        assert too_long.status_code == 422 and "at most 10000" in too_long.text
        assert too_long.text.count("长") == 10_001, "no word that was typed is lost"
    async with town.ctx.begin() as tx:
        hold = (await tx.all(select(Hold)))[0]
        assert await sealing.unseal_text(tx, hold.note_sealed) == note


async def test_what_was_decided_is_listed_in_the_readers_language(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("investigator", language="zh") as visitor:
        for fields in (HOLD, {"what": "level", "drug": "ixazomib", "level": "3mg", "reason": "toxicity"}):
            seen = SEEN.search((await visitor.post(f"{home}/decisions/preview", **fields)).text)
            assert seen is not None
            await visitor.follow(f"{home}/decisions", **fields, seen=seen[1])
        page = (await visitor.get(f"{home}/decisions")).text
    for line in (
        "停药</strong> · 来那度胺",
        "改剂量</strong> · 伊沙佐米 3mg",
        "</strong> · 伊沙佐米 + 来那度胺",
    ):
        assert line in page
    assert "</strong> · 第1周期 (2026-11-02)" in page


async def test_the_same_form_again_or_an_older_preview_changes_nothing(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("investigator") as visitor:
        seen = await previewed(visitor, home, **HOLD)
        await visitor.post(f"{home}/decisions", **HOLD, seen=seen)
        again = await visitor.post(f"{home}/decisions", **HOLD, seen=seen)
        assert again.status_code == 409
        assert "record changed in the meantime" in again.text
        assert (await visitor.post(f"{home}/decisions", **HOLD)).status_code == 409, "no preview, no decision"
    assert await rows(town, Hold) == 1


@pytest.mark.parametrize(
    ("fields", "table", "shown"),
    [
        (
            {"what": "level", "drug": "ixazomib", "level": "3mg", "reason": "blood_count"},
            DoseLevelChange,
            "3 mg",
        ),
        (
            {
                "what": "cycle",
                "cycle": "2",
                "first_day": "2026-12-01",
                "reason": "visit",
                "override": "investigator",
            },
            CycleStart,
            "2026-12-01",
        ),
        ({"what": "pause", "reason": "wish"}, StatusChange, "reminders paused"),
        ({"what": "end", "reason": "progression"}, StatusChange, "ended"),
        ({"what": "arm", "arm": "ixazomib", "reason": "visit"}, None, "ixazomib"),
    ],
)
async def test_each_decision(town: Office, fields: dict[str, str], table: object, shown: str) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    before = await rows(town, table) if table else 0
    async with town.signed_in("coordinator") as visitor:
        seen = await previewed(visitor, home, **fields)
        page = await visitor.follow(f"{home}/decisions", **fields, seen=seen)
        assert shown in page.text
    assert table is None or await rows(town, table) == before + 1


IMPOSSIBLE: tuple[dict[str, str], ...] = (
    {},
    {"what": "nothing"},
    {"what": "hold"},
    {"what": "hold", "reason": "because"},
    {"what": "hold", "reason": "toxicity", "drug": "aspirin"},
    {"what": "hold", "reason": "toxicity", "since": "tomorrow"},
    {"what": "hold", "reason": "toxicity", "since": "1999-01-01T08:00"},
    {"what": "hold", "reason": "toxicity", "since": "2027-11-01T08:00"},
    {"what": "level", "reason": "toxicity", "drug": "ixazomib", "level": "40mg"},
    {"what": "level", "reason": "toxicity", "level": "3mg"},
    {"what": "arm", "reason": "visit", "arm": "placebo"},
    {"what": "cycle", "reason": "visit", "cycle": "9", "first_day": "2026-12-01"},
    {"what": "cycle", "reason": "visit", "cycle": "2", "first_day": "2026-02-30"},
    {"what": "cycle", "reason": "visit", "cycle": "-1", "first_day": "2026-12-01"},
    {"what": "cycle", "reason": "visit", "cycle": "2", "first_day": "2026-10-01"},
    {"what": "resume", "reason": "recovered"},
    {"what": "end", "reason": "tired"},
)


async def test_what_cannot_be_is_said_in_a_sentence(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("investigator") as visitor:
        for fields in IMPOSSIBLE:
            response = await visitor.post(f"{home}/decisions/preview", **fields)
            assert response.status_code == 422, fields
            assert 'class="fault"' in response.text, fields
