"""When an answer that needs somebody counts as told: by its own alert, or by another one of the same check."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.rehearsal.body import about, tier_of
from bot.rehearsal.evidence import Evidence, Findings
from bot.rehearsal.ledger import Act, Ledger, Worry
from bot.rehearsal.promises.answers_heard import Records, look

AT = datetime(2026, 11, 27, 2, 24, tzinfo=UTC)
SECOND, HOUR, HOURS, WEEK = timedelta(seconds=1), timedelta(hours=1), timedelta(hours=4), timedelta(days=7)
OWN, BEFORE, OF_ANOTHER, LATER = 5, 4, 3, 6  # numbers in the inbox; the third was written by a relative
THIS, LAST_WEEK = 12, 11  # checks


def alert(
    tier: str,
    at: datetime,
    inbox: int | None,
    check: int = THIS,
    symptom: str = "rash",
    kind: str = "symptom",
) -> Any:
    key = f"symptom:{check}:a_rule:{symptom}" if kind == "symptom" else f"{kind}:{inbox}"
    return SimpleNamespace(tier=tier, kind=kind, raised_at=at, inbox_id=inbox, unique_key=key)


def counted(tier: str, at: datetime, symptom: str = "rash") -> Any:
    return SimpleNamespace(tier=tier, recorded_at=at, finding=f"a_rule:{symptom}")


HANDLED = alert("urgent", AT - WEEK, 1, LAST_WEEK)
# alerts, what was counted later, what the report lists (None: a breach)
CASES: list[tuple[str, list[Any], list[Any], str | None]] = [
    ("nothing", [], [], None),
    ("an alert of its own", [alert("urgent", AT, OWN)], [], ""),
    ("a worse alert of its own", [alert("emergency", AT + SECOND, OWN)], [], ""),
    ("a milder alert only", [alert("routine", AT, OWN)], [], None),
    ("an alert of its own, an hour late", [alert("urgent", AT + HOUR, OWN)], [], None),
    ("words of danger in the same hour", [alert("emergency", AT - SECOND, BEFORE, kind="danger")], [], None),
    ("another alert at the same moment", [alert("urgent", AT, LATER, kind="relay")], [], None),
    ("told with an earlier answer", [alert("urgent", AT - SECOND, BEFORE)], [], "told with an earlier"),
    ("an earlier milder answer", [alert("routine", AT - SECOND, BEFORE)], [], None),
    ("an earlier answer about another symptom", [alert("urgent", AT, BEFORE, symptom="fever")], [], None),
    ("an earlier answer of a relative", [alert("urgent", AT - SECOND, OF_ANOTHER)], [], None),
    ("handled a week ago, and forgotten", [HANDLED], [], None),
    ("handled, and counted", [HANDLED], [counted("urgent", AT + HOURS)], "handled before and no worse"),
    ("handled, and another counted", [HANDLED], [counted("urgent", AT + HOURS, "fever")], None),
    (
        "handled, then left off",
        [HANDLED, alert("urgent", AT + HOUR, None)],
        [],
        "handled before, and told when",
    ),
    ("handled, then another answer", [HANDLED, alert("urgent", AT + HOUR, LATER)], [], None),
    ("new, and left off", [alert("urgent", AT + HOUR, None)], [], None),
    ("handled, told too late", [HANDLED, alert("urgent", AT + HOURS, None)], [], None),
    (
        "then a worse one",
        [HANDLED, alert("emergency", AT + HOURS, LATER)],
        [],
        "handled before, and overtaken",
    ),
    ("a worse one, nothing known before", [alert("emergency", AT + HOURS, LATER)], [], None),
    ("a worse one elsewhere", [HANDLED, alert("emergency", AT + HOUR, LATER, symptom="fever")], [], None),
    ("worse words later", [HANDLED, alert("emergency", AT + HOURS, LATER, kind="danger")], [], None),
]


def found(alerts: list[Any], held: list[Any], worry: Worry, outcome: str = "answered") -> Findings:
    evidence = Evidence(cast("Any", None), "nct04217967", AT + WEEK, (), (), {}, (), ())
    row: Any = SimpleNamespace(inbox_id=OWN, correspondent_id=1, outcome=outcome)
    people = {BEFORE: 1, OWN: 1, LATER: 1, 1: 1, OF_ANOTHER: 2}
    records = Records(
        {"web:1": row},
        people,
        {7: alerts},
        {7: held},
        {LAST_WEEK: AT - WEEK + HOUR},
        lambda finding: frozenset({finding.rpartition(":")[2]}),
    )
    findings = Findings()
    look(findings, evidence, records, Ledger(0, "REA", "combination", "", 7, acts=[worry.act]), worry)
    return findings


def act() -> Act:
    return Act(AT, "1", "web", "web:1", "4_6", acknowledged_at=AT)


@pytest.mark.parametrize(("name", "alerts", "held", "listed"), CASES, ids=[case[0] for case in CASES])
def test_an_urgent_answer(name: str, alerts: list[Any], held: list[Any], listed: str | None) -> None:
    findings = found(alerts, held, Worry(act(), "urgent", "4_6", about="rash"))
    assert [one.what for one in findings.violations] == (
        ["urgent answer without an alert"] if listed is None else []
    )
    assert [one.startswith(listed or "-") for one in findings.allowed] == ([True] if listed else [])


@pytest.mark.parametrize(("name", "alerts", "held", "listed"), CASES[7:], ids=[case[0] for case in CASES[7:]])
def test_words_and_reasons_have_an_alert_of_their_own(
    name: str, alerts: list[Any], held: list[Any], listed: str | None
) -> None:
    assert len(found(alerts, held, Worry(act(), "urgent", "no_medicine")).violations) == 1


def test_an_alert_of_its_own_may_be_there_before_he_hears_of_it() -> None:
    """The answer to him was lost, and the second try told him a moment later that all was stored."""
    late = replace(act(), acknowledged_at=AT + timedelta(seconds=1))
    assert found([alert("emergency", AT, OWN)], [], Worry(late, "emergency", "胸口疼")).violations == []
    assert (
        len(
            found(
                [alert("emergency", AT - timedelta(seconds=1), OWN)], [], Worry(late, "emergency", "x")
            ).violations
        )
        == 1
    )


@pytest.mark.parametrize(
    ("doubtful", "outcome", "breach"), [(True, "over", 0), (True, "answered", 1), (False, "over", 1)]
)
def test_a_tap_on_a_question_that_was_over(doubtful: bool, outcome: str, breach: int) -> None:
    findings = found([], [], Worry(act(), "urgent", "4_6", doubtful, "rash"), outcome)
    assert len(findings.violations) == breach


@pytest.mark.parametrize(
    ("text", "answer", "tier", "symptom"),
    [
        ("有没有起水泡、脱皮，或者嘴里、眼睛、下身烂了？", "raw", "emergency", "rash"),
        ("有没有起水泡、脱皮，或者嘴里、眼睛、下身烂了？", "blisters", "urgent", "rash"),
        ("大便里有血，或者黑得像柏油吗？", "yes", "emergency", "diarrhea"),
        ("吐出来的东西里有血，或者像咖啡渣吗？", "yes", "emergency", "vomiting"),
        ("拉得最多的那天，比平时多几次？", "4_6", "urgent", "diarrhea"),
        ("便秘到什么程度？哪个最像，点哪个。", "stuck", "urgent", "constipation"),
        ("扣扣子、拿筷子费劲吗？", "selfcare", "urgent", "numbness"),
        ("有没有冷得打哆嗦？", "yes", "urgent", "fever"),
    ],
)
def test_what_an_answer_is_about(text: str, answer: str, tier: str, symptom: str) -> None:
    assert (tier_of(text, answer), about(text)) == (tier, symptom)
