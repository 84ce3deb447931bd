"""What is one message to whoever gets it: of each kind a right story, and one row too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.rehearsal.evidence import Evidence
from bot.rehearsal.ledger import Act, Ledger, Letter, Seen
from bot.rehearsal.promises import nothing_twice, staff_told_once
from bot.rehearsal.promises.nothing_twice import Said

DUE = datetime(2026, 11, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHAT, PAGE = 1, 2  # contacts
TALKS = {1: [11, 12], 2: [11], 3: [11, 12]}  # conversation -> doses
REMINDERS = {"dose": 2, "symptoms": 2}


def push(number: int, purpose: str, at: datetime, talk: int = 1, **more: Any) -> Any:
    script = {1: "dose", 2: "dose", 3: "dose", 5: "symptoms", 6: "visit"}[talk]
    row = {
        "token": f"t{talk}",
        "contact_id": CHAT,
        "topic": f"topic{talk}",
        "script": script,
        "text_id": "push.line",
    }
    row |= {
        "message_id": number,
        "participant_id": 1,
        "purpose": purpose,
        "created_at": at,
        "conversation_id": talk,
    }
    return SimpleNamespace(**(row | more))


PROMPT = push(1, "prompt", DUE)
ON_PAGE = push(2, "prompt", DUE, contact_id=PAGE)
NUDGES = [push(3, "nudge", DUE + HOUR), push(4, "nudge", DUE + 3 * HOUR)]
DID_YOU = push(5, "followup", DUE + DAY, talk=2)
CHECK = push(6, "symptom", DUE + HOUR, talk=5)
VISIT = push(7, "symptom", DUE + 4 * HOUR, talk=6)
LATER = push(8, "later", DUE + 2 * HOUR, talk=3)
RIGHT = [PROMPT, ON_PAGE, *NUDGES, DID_YOU, CHECK, VISIT, LATER]
BACK = DUE + 5 * HOUR

# name, what is added to the right story, how it is told of
ONE_TOO_MANY: list[tuple[str, Any, str]] = [
    ("another key", push(20, "prompt", DUE, token="t9"), "asked about 2 times as for the first time"),
    ("another hour", push(20, "prompt", DUE + 2 * HOUR, talk=3), "asked about 2 times as for the first time"),
    (
        "another channel, later",
        push(20, "prompt", DUE + HOUR, contact_id=PAGE),
        "asked about 2 times as for the first time",
    ),
    (
        "a third reminder",
        push(20, "nudge", DUE + 6 * HOUR),
        "reminded 3 times of one question, and 2 are allowed",
    ),
    (
        "a reminder of a visit",
        push(20, "nudge", BACK, talk=6),
        "reminded 1 times of one question, and 0 are allowed",
    ),
    ("did you, again", push(20, "followup", DUE + 2 * DAY, talk=3), "asked 'did you?' 2 times"),
    ("did you, twice", push(20, "followup", DUE + DAY, talk=2), "asked 'did you?' 2 times at once"),
    ("later, unasked", push(20, "later", BACK, talk=2), "asked later 2 times, and he wanted it 1 times"),
    ("a check of no week", push(20, "symptom", DUE + 2 * DAY, talk=5), "a check that no week has"),
    ("the same visit", push(20, "symptom", DUE + 2 * DAY, talk=6), "asked 2 times on one occasion"),
    (
        "a visit under another name",
        push(20, "symptom", BACK, talk=6, topic="other", conversation_id=9),
        "asked again within hours",
    ),
]


def told(rows: list[Any], **more: Any) -> list[str]:
    one = Ledger(1, "REA", "combination", "REA-001", 1, seen=more.pop("seen", []))
    one.acts.append(Act(DUE + HOUR, "90011", "telegram", "telegram:1", "later", acknowledged_at=DUE + HOUR))
    evidence = Evidence(
        cast("Any", None), "nct04217967", DUE + 9 * DAY, (one,), (), {}, (), more.pop("spans", ())
    )
    checks = {(1, CHECK.created_at)}
    said = Said(sorted(rows, key=lambda row: row.message_id), TALKS, checks=checks, **more)
    return [found.what for found in nothing_twice.judged(evidence, said, REMINDERS).violations]


def test_a_right_story() -> None:
    assert told(RIGHT) == []


@pytest.mark.parametrize(
    ("row", "what"), [case[1:] for case in ONE_TOO_MANY], ids=[case[0] for case in ONE_TOO_MANY]
)
def test_one_too_many(row: Any, what: str) -> None:
    assert what in told([*RIGHT, row])


def test_brought_up_again_after_a_silence_only() -> None:
    """A reminder that its timer calls so is none of the reminders that the study counts."""
    rows, again = [*RIGHT, push(20, "nudge", BACK)], {(1, BACK)}
    assert told(rows, again=again, spans=[("outage:telegram", BACK - HOUR, BACK)]) == []
    assert told(rows, again=again) == ["brought up again, and nothing had been away"]
    twice = [*rows, push(21, "nudge", BACK)]
    assert told(twice, again=again, spans=[("house", BACK - HOUR, BACK)]) == [
        "brought up again 2 times at once"
    ]


def test_a_question_begun_before_is_the_group_of_its_doses() -> None:
    begun = push(20, "nudge", DUE, talk=3)
    assert told([*RIGHT, begun], first={(1, DUE)}) == ["asked about 2 times as for the first time"] * 2
    assert told([begun], first={(1, DUE)}) == []


def test_asked_again_when_reminders_went_on() -> None:
    """After a pause, say: with reminders of its own. As of another day it would be one too many."""
    anew = [push(20, "prompt", BACK, talk=3), push(21, "nudge", BACK + HOUR, talk=3)]
    anew += [push(22, "nudge", BACK + 3 * HOUR, talk=3), push(23, "followup", BACK + DAY, talk=3)]
    assert told([*RIGHT[:-2], *anew[:3]], went_on={(1, BACK)}) == []
    assert told([*RIGHT[:4], anew[3], DID_YOU], went_on={(1, BACK + DAY)}) == []
    assert "asked about 2 times as for the first time" in told([*RIGHT[:-2], *anew[:3]])


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (push(20, "nudge", DUE + HOUR, talk=1), ["one question twice within minutes"]),
        (push(20, "settle", DUE + HOUR, talk=6, token=None), ["the same words twice within minutes"]),
        (push(20, "symptom", DUE + HOUR, talk=5), []),  # a neutral line of another question
    ],
)
def test_on_one_phone_within_minutes(row: Any, what: list[str]) -> None:
    seen = [
        Seen(DUE + HOUR, "90011", "telegram", "您好", ("view",), edited=False, key="m3"),
        Seen(DUE + HOUR, "90011", "telegram", "您好", ("view",), edited=False, key="m20"),
    ]
    found = told([NUDGES[0], row], seen=seen)
    assert [one for one in found if "within minutes" in one] == what


# --- staff -----------------------------------------------------------------------------------------------------


def letter(number: int, at: datetime, text: str) -> Letter:
    return Letter(at, "nurse@example.org", "…", text, f"m{number}")


def to_staff(number: int, purpose: str, at: datetime) -> Any:
    return SimpleNamespace(message_id=number, purpose=purpose, created_at=at, contact_id=7, staff_id=3)


def test_staff_are_told_once() -> None:
    alert = "https://suiyao.example.org/console/alerts/5"
    rows = [to_staff(1, "staff_alert", DUE), to_staff(2, "digest", DUE), to_staff(3, "digest", DUE + DAY)]
    rows.append(to_staff(4, "notice", DUE))
    steps = cast("Any", [SimpleNamespace(alert_id=5, outcome="staff:3,staff:4")])
    letters = [letter(1, DUE, alert)]

    def found() -> list[str]:
        evidence = Evidence(cast("Any", None), "nct04217967", DUE + DAY, (), letters, {}, (), ())
        return [one.what for one in staff_told_once.judged(evidence, rows, steps).violations]

    assert found() == []
    letters.append(letter(1, DUE, alert))  # the same row twice is counted elsewhere
    assert found() == []
    rows += [
        to_staff(5, "staff_alert", DUE + HOUR),
        to_staff(6, "digest", DUE + HOUR),
        to_staff(7, "notice", DUE),
    ]
    letters.append(letter(5, DUE + timedelta(minutes=5), alert))
    assert sorted(found()) == [
        "2 letters of one alert, and called 1 times",
        "the same letter twice within minutes",
        "told 2 times of one restore",
        "two digests in half a day",
    ]
