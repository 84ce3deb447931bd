"""A big rehearsal is divided by its size alone, and its towns are added up again."""

from __future__ import annotations

from bot.rehearsal.outcome import Outcome
from bot.rehearsal.rehearse import told
from bot.rehearsal.report_text import MOST_SHOWN, violations
from bot.rehearsal.setting import Setting
from bot.rehearsal.tallies import Waited
from bot.rehearsal.towns import LARGEST, together, towns


def test_a_town_is_never_too_large_and_each_has_a_seed_of_its_own() -> None:
    for people in (1, 12, LARGEST, LARGEST + 1, 200):
        parts = towns(Setting(participants=people))
        assert sum(part.participants for part in parts) == people
        assert max(part.participants for part in parts) <= LARGEST
        assert len({part.seed for part in parts}) == len(parts)
    assert towns(Setting(participants=12)) == [Setting(participants=12)]


def played(setting: Setting, doses: int, waits: list[float], broken: list[str]) -> Outcome:
    counts = {"planned_doses": doses, "alerts_emergency": 1, "alerts_urgent": 1}
    promise = {
        "number": 1,
        "title": "x",
        "checked": doses,
        "violations": [{"what": one, "where": "A", "at": None} for one in broken],
        "allowed": {"listed": doses},
    }
    week = {1: {"planned": doses}}
    waited = [Waited("urgent", one, 60.0, over=True) for one in waits]
    faults, happened = {"rival": doses, "storm": 0}, {"holds": 1, "deaths": 0}
    return Outcome(
        told(setting),
        "word",
        1,
        "fast",
        counts,
        waited,
        waits,
        week,
        faults,
        happened,
        {"resume": 1},
        [promise],
    )


def test_towns_are_added_up() -> None:
    whole = Setting(participants=60, days=7)
    first, second = towns(whole)
    sum_ = together(whole, [played(first, 3, [1.0, 9.0], []), played(second, 4, [2.0], ["lost"])], 10.0)
    assert sum_.figures["planned_doses"] == 7
    assert sorted(one.minutes or 0 for one in sum_.waited) == [1.0, 2.0, 9.0]
    assert sum_.figures["seconds_until_told_worst"] == 9.0
    assert sum_.figures["alerts_per_100_patient_weeks"] == round(100 * 4 / 60, 1)
    assert sum_.weekly == {1: {"planned": 7}}
    assert sum_.faults == {"rival": 7, "storm": 0}
    assert (sum_.played, sum_.undone) == ({"holds": 2, "deaths": 0}, {"resume": 2})
    assert sum_.never == ["deaths", "storm"]
    [promise] = sum_.promises
    assert (promise["checked"], promise["allowed"]) == (7, {"listed": 7})
    assert promise["violations"] == [
        {"what": "lost", "where": f"A (--participants 30 --seed {second.seed})", "at": None}
    ]
    assert sum_.violations == 1
    assert sum_.fingerprint != "word"


def test_a_towns_violations_are_told_when_it_is_over() -> None:
    [town] = towns(Setting(participants=1))
    assert list(violations(played(town, 3, [], []))) == []
    assert list(violations(played(town, 3, [], ["lost"]))) == ["1. VIOLATION lost | A | "]
    many = list(violations(played(town, 3, [], ["lost"] * (MOST_SHOWN + 2))))
    assert many[MOST_SHOWN:] == ["1. and 2 more"]
