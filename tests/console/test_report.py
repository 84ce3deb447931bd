"""The report page: the same bytes for the same question, and a sentence for a question that has no figures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.messages import Kind, Media
from bot.services import deployment
from tests.support.office import Office, office
from tests.support.patient import enrolled, linked

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
REPORT = "/console/report/compliance?study=nct04217967&format=html"


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    """An hour after the study was published, and nobody is enrolled yet."""
    async with office(unmade_url, NOW) as opened:
        await deployment.set_virtual_now(opened.ctx, NOW + timedelta(hours=1))
        yield opened


@pytest.mark.parametrize("kind", ["html", "csv", "json"])
async def test_the_same_question_has_the_same_bytes(town: Office, kind: str) -> None:
    """Also when somebody was enrolled since."""
    path = f"/console/report/compliance?study=nct04217967&as_of=2026-11-02T09:00&format={kind}"
    async with town.signed_in("investigator") as visitor:
        first = await visitor.get(path)
        await enrolled(town)
        again = await visitor.get(path)
    assert (first.status_code, again.content) == (200, first.content)
    assert "TST-001" not in first.text


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("as_of=2027-01-01T00:00", 409, "lies in the future"),
        ("as_of=yesterday", 409, "This is not a time."),
        ("as_of=2026-10-01T00:00", 200, "nothing to count"),
        ("as_of=0001-01-01T00:00", 409, "This is not a time."),
        ("site=NBR", 404, ""),
        ("site=NIX", 404, ""),
        ("study=nct00000000", 409, "No study nct00000000"),
        ("study=%00", 409, "No study"),
        ("format=pdf", 200, "Compliance report"),
    ],
)
async def test_a_question_without_figures_is_answered_with_a_sentence(
    town: Office, asked: str, status: int, said: str
) -> None:
    await enrolled(town)
    query = {
        **dict(one.split("=") for one in REPORT.partition("?")[2].split("&")),
        **dict([asked.split("=")]),
    }
    async with town.signed_in("investigator") as visitor:
        path = "/console/report/compliance?" + "&".join(f"{name}={value}" for name, value in query.items())
        answer = await visitor.get(path)
    assert answer.status_code == status
    assert said in answer.text


async def test_an_empty_site_says_so_and_then_has_somebody(town: Office) -> None:
    async with town.signed_in("investigator") as visitor:
        assert "Nobody has been enrolled yet." in (await visitor.get("/console/worklist")).text
        assert "No alert is open." in (await visitor.get("/console/alerts")).text
        assert "nobody had been enrolled" in (await visitor.get(REPORT)).text
        person = await enrolled(town)
        assert (await visitor.get(f"/console/participants/{person.participant_id}")).status_code == 200
        await deployment.set_virtual_now(town.ctx, NOW + timedelta(minutes=65))
        assert "TST-001" in (await visitor.get(REPORT)).text


async def test_a_voice_note_can_be_listened_to(town: Office) -> None:
    person = await enrolled(town)
    stage, phone = await linked(town, person)
    await stage.hear(phone, Kind.MEDIA, media=Media("voice", b"OggS-voice", "audio/ogg"))
    async with town.signed_in("nurse") as nurse:
        page = (await nurse.get(f"/console/participants/{person.participant_id}/messages")).text
        assert "<audio controls" in page
        address = page.partition("<audio controls")[2].partition('src="')[2].partition('"')[0]
        heard = await nurse.get(address)
    assert (heard.headers["content-type"], heard.content) == ("audio/ogg", b"OggS-voice")
