"""The promise of walls finds a wall that is missing, one that hides too much, and a letter about another site's people."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal import rates
from bot.rehearsal.evidence import Evidence, Findings
from bot.rehearsal.ledger import Ledger, Letter, Seen
from bot.rehearsal.promises import letters_at_home
from bot.services import alerts
from bot.services.alerts import OnCall
from bot.services.context import Tx
from tests.rehearsal.conftest import Play, broken

AT = datetime(2026, 11, 27, 2, 24, tzinfo=UTC)
PLANTED = """
    ALTER TABLE contact DISABLE ROW LEVEL SECURITY;
    ALTER POLICY sites ON audit_entry USING (true);
    ALTER POLICY sites ON delivery_attempt USING (suiyao_sees_all());
    ALTER TABLE channel_account ENABLE ROW LEVEL SECURITY;
    CREATE POLICY sites ON channel_account USING (true);
"""


async def test_walls_that_were_planted(play: Play, postgres: EmbeddedPostgres, database_name: str) -> None:
    postgres.sql(PLANTED, database_name)
    found = broken(await play(participants=2, days=2))
    assert any(one.startswith("5: leads to a site, and has no wall | table contact") for one in found)
    assert any(one.startswith("5: has a wall, and no way to a site | table channel_account") for one in found)
    for table in ("contact", "audit_entry", "delivery_attempt"):
        assert any(f"table {table}: strange" in one for one in found), table
    assert any("sees 0 rows" in one and "table delivery_attempt: strange []" in one for one in found)
    assert [one for one in found if not one.startswith("5:")] == []


async def test_an_alert_that_goes_to_every_site(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen by its address as it arrived, and by its contact as it was made."""
    kept = alerts.on_call

    async def everybody(tx: Tx, site_id: int) -> list[OnCall]:
        return [one for site in (1, 2, 3) for one in await kept(tx, site)]

    known = rates.load()
    more = dataclasses.replace(known, daily=known.daily | {"danger_words": 0.7})
    monkeypatch.setattr(rates, "load", lambda: more)
    monkeypatch.setattr(alerts, "on_call", everybody)
    found = broken(await play(participants=2, days=2))
    told = [one for one in found if one.startswith("5: tells another site's staff of RE")]
    assert any("@rehearsal.example" in one for one in told)
    assert any("| staff " in one for one in told)


# to whom, subject and words, sites that are strange to him
LETTERS = [
    ("nurse.rea", "提醒：REA-001", "", ""),
    ("nurse.rea", "提醒：REB-001", "", "REB"),
    ("nurse.rea", "", "REA-001：尽快\nREB-001：尽快", "REB"),
    ("nurse.rea", "每日汇总：REB", "", "REB"),
    ("nurse.rea", "", "http://127.0.0.1/console/alerts/7", ""),
    ("nurse.reb", "", "http://127.0.0.1/console/alerts/7", "REA"),
    ("nurse.both", "REA-001", "REB-001", ""),
]


@pytest.mark.parametrize(("to", "subject", "words", "strange"), LETTERS)
def test_a_letter(to: str, subject: str, words: str, strange: str) -> None:
    people = [Ledger(0, "REA", "combination", "REA-001", 1), Ledger(1, "REB", "combination", "REB-001", 2)]
    staff = {"nurse.rea": {"REA"}, "nurse.reb": {"REB"}, "nurse.both": {"REA", "REB"}}
    letter = Letter(AT, to, subject, words, "m1")
    evidence = Evidence(cast("Any", None), "", AT, people, [letter], {}, (), (), staff=staff)
    found = Findings()
    letters_at_home.as_arrived(found, evidence, {7: "REA"})
    assert [one.what for one in found.violations] == (
        [f"tells another site's staff of {strange}"] if strange else []
    )


def test_a_letter_to_nobody_of_the_staff() -> None:
    letter = Letter(AT, "somebody@example.org", "", "", "m1")
    found = Findings()
    letters_at_home.as_arrived(found, Evidence(cast("Any", None), "", AT, (), [letter], {}, (), ()), {})
    assert [one.what for one in found.violations] == ["went to somebody who is not of the staff"]


def test_a_message_on_another_persons_phone() -> None:
    seen = [Seen(AT, "1", "telegram", "您有一条消息", ("view",), False, key) for key in ("m1", "m2", "")]
    person = Ledger(0, "REA", "combination", "REA-001", 1, seen=seen)
    found = Findings()
    evidence = Evidence(cast("Any", None), "", AT, [person], (), {}, (), ())
    letters_at_home.on_phones(found, evidence, {"m1": 1, "m2": 2})
    assert [one.where for one in found.violations] == ["REA-001 phone 1 m2"]
