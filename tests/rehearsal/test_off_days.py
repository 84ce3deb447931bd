"""Study medicine on a day without any: told on the screens as they stand, kept in the ledger, counted, and an alert."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.messages import Choice, Kind, Outbound, Press
from bot.rehearsal import off_days
from bot.rehearsal.ledger import Act, Extra, Said
from bot.rehearsal.people import Hands, Person
from bot.rehearsal.phones import Phone
from bot.rehearsal.plain.figures import NUMBERS, Place, counts, on_its_word
from bot.rehearsal.reading import read
from bot.rehearsal.sitting import Sitting
from bot.reports import persons
from bot.services import excess_doses
from tests.rehearsal.conftest import Play, broken
from tests.rehearsal.test_planted_defects import often
from tests.rehearsal.test_sitting import BEGIN, house, person

DAY_1 = date(2027, 1, 12)
MORNING = BEGIN + timedelta(hours=8)  # of day 1 in Shanghai, when doses are due
EVENING_2 = BEGIN + timedelta(days=1, hours=20)


def act(at: datetime, number: int = 1, *, late: bool = False) -> Act:
    known = at + timedelta(minutes=1) if late else at
    return Act(at, "1", "web", f"web:{number}", "now", acknowledged_at=known)


def someone(told: str = "taken", **more: Any) -> Any:
    one = person()
    one.ledger.orders[-1] = dataclasses.replace(one.ledger.orders[-1], recorded_at=BEGIN, on=DAY_1)
    one.ledger.said += [
        Said(act(MORNING), drug, DAY_1, told, taken_at=MORNING if told == "taken" else None, **more)
        for drug in ("ixazomib", "lenalidomide")
    ]
    return one


@pytest.mark.parametrize(
    ("text", "answers", "kind", "drug"),
    [
        ("您吃的是哪一种？", ("1", "2", "other_medicine", "back"), "which_drug", ""),
        ("来那度胺是什么时候吃的？点按钮，或者写时间。", ("now", "cannot_say"), "when_extra", "lenalidomide"),
        ("今天早上8:00的来那度胺，是什么时候吃的？", ("now", "as_planned"), "when", "lenalidomide"),
        ("伊沙佐米，是今天早上8:30吃的，对吗？", ("yes", "no"), "echo_extra", "ixazomib"),
        ("今天早上8:00的伊沙佐米，是今天早上8:30吃的，对吗？", ("yes", "no"), "echo", "ixazomib"),
        ("从那以后，您又吃过研究用药吗？", ("not_since", "taken_since"), "since", ""),
    ],
)
def test_what_no_plan_had_is_asked_in_other_words(
    text: str, answers: tuple[str, ...], kind: str, drug: str
) -> None:
    question = read(text, answers, DAY_1)
    assert (question.kind, question.drug) == (kind, drug)


def test_a_day_is_free_when_no_other_dose_can_be_meant() -> None:
    assert off_days.free(someone(), EVENING_2)
    waiting = someone()
    waiting.ledger.orders[-1] = dataclasses.replace(waiting.ledger.orders[-1], on=DAY_1 + timedelta(days=9))
    assert not off_days.free(waiting, EVENING_2), "no capsules yet"
    assert not off_days.free(someone(), MORNING + timedelta(hours=2)), "a day with doses"
    assert not off_days.free(someone(), EVENING_2 + timedelta(days=1)), "another"
    assert not off_days.free(person(), EVENING_2), "yesterday's are not told"
    assert not off_days.free(someone("not_taken"), MORNING + timedelta(hours=18)), (
        "perhaps it was taken after all"
    )
    assert not off_days.free(someone(doubtful=True), EVENING_2)
    assert not off_days.free(someone(whole=False), EVENING_2), "its hour is still asked"


def extra(told: Act | None, **more: Any) -> Extra:
    return Extra(act(EVENING_2, 7), "lenalidomide", told=told, **more)


@pytest.mark.parametrize(
    ("one", "fates", "possible", "believed"),
    [
        (extra(act(EVENING_2, 8), taken_at=EVENING_2), {}, {1}, 0),
        (extra(act(EVENING_2, 8)), {}, {1}, 0),
        (extra(None), {}, {0, 1}, 0),
        (extra(act(EVENING_2, 8), doubtful=True), {"web:8": "over"}, {0, 1}, 1),
        (extra(act(EVENING_2, 8), doubtful=True), {"web:8": "answered"}, {1}, 1),
        (
            extra(act(EVENING_2, 8, late=True), named_in_doubt=True),
            {"web:7": "over", "web:8": "over"},
            {0},
            2,
        ),
    ],
    ids=["told", "without an hour", "the hour is asked", "perhaps over", "heard", "not heard"],
)
def test_what_was_told_beside_the_plan_is_extra(
    one: Extra, fates: dict[str, str], possible: set[int], believed: int
) -> None:
    ledger = someone().ledger
    ledger.extras.append(one)
    found = counts(ledger, EVENING_2 + timedelta(hours=1), fates)
    place: Place = ("combination", "lenalidomide", 1)
    sums = found[place].possible()
    assert {numbers[NUMBERS.index("extra")] for numbers, _ in sums} == possible
    assert {mg for _, mg in sums} == {250 + 250 * more for more in possible}
    assert {numbers[NUMBERS.index("planned")] for numbers, _ in sums} == {1}
    assert on_its_word(ledger) == believed


def test_what_was_told_before_its_cycle_was_released_is_its_dose() -> None:
    ledger = someone().ledger
    ledger.extras.append(extra(act(EVENING_2, 8), taken_at=EVENING_2))
    given = {"what": "cycle", "cycle": 2, "on": DAY_1 + timedelta(days=1), "value": "", "drug": ""}
    ledger.orders.append(dataclasses.replace(ledger.orders[-1], recorded_at=EVENING_2, **given))
    found = counts(ledger, EVENING_2 + timedelta(hours=1), {})
    [(numbers, mg)] = found["combination", "lenalidomide", 2].possible()
    told = dict(zip(NUMBERS, numbers, strict=True))
    assert (told["planned"], told["in_window"], told["extra"], mg) == (1, 1, 0, 250)


class Screen(Hands):
    """Whatever is tapped or written arrives."""

    async def do(self, person: Person, phone: Phone, kind: Kind, **given: Any) -> Act:
        press = given.get("press")
        self.number += 1
        known = act(self.house.now, self.number)
        known.what = press.answer if press else given["text"]
        person.ledger.acts.append(known)
        return known


async def asked(one: Person, text: str, labels: dict[str, str]) -> str:
    """What he does about this question."""
    choices = tuple(Choice(label, Press(text, answer)) for answer, label in labels.items())
    one.persona = dataclasses.replace(one.persona, twice=0.0)
    sitting = Sitting(Screen(house(away=False, now=EVENING_2)), one, one.phones[0])
    one.phones[0].screen["asked"] = shown = Outbound("1", text, choices)
    await sitting._answer(shown)
    return one.ledger.acts.pop().what if one.ledger.acts else ""


WHEN = ("来那度胺是什么时候吃的？", {"now": "刚刚吃的", "cannot_say": "记不清了"})
ECHO = {"yes": "对", "no": "不是这个时间"}
WHICH = {"1": "伊沙佐米", "2": "来那度胺", "other_medicine": "别的药", "back": "返回"}


async def test_he_answers_what_stands_there() -> None:
    one = someone()
    assert await asked(one, "您吃的是哪一种？", WHICH) == "other_medicine", "he took none"
    half_past_eight = EVENING_2 - timedelta(hours=11.5)
    one.capsule = off_days.Capsule("lenalidomide", half_past_eight, "今天早上8点半")
    assert await asked(one, "您吃的是哪一种？今天", WHICH) == "2"
    assert await asked(one, *WHEN) == "今天早上8点半"
    assert await asked(one, "来那度胺，是今天晚上8:00吃的，对吗？", ECHO) == "no"
    assert [one.told for one in one.ledger.extras] == [None]
    assert await asked(one, "来那度胺，是今天早上8:30吃的，对吗？", ECHO) == "yes"
    assert [one.taken_at for one in one.ledger.extras] == [half_past_eight]
    assert [(one.tier, one.kind) for one in one.ledger.worries] == [("urgent", "extra_dose")]
    assert await asked(one, WHEN[0] + "？", WHEN[1]) == "", "it is told"


async def test_an_hour_that_was_not_understood_is_not_made_up() -> None:
    one = someone()
    one.capsule = off_days.Capsule("lenalidomide", EVENING_2 - timedelta(hours=1))
    assert await asked(one, *WHEN) == "cannot_say"
    one.capsule = off_days.Capsule("ixazomib", EVENING_2)
    assert await asked(one, "伊沙佐米是什么时候吃的？", WHEN[1]) == "now"
    assert [(one.drug, one.taken_at) for one in one.ledger.extras] == [
        ("lenalidomide", None),
        ("ixazomib", EVENING_2),
    ]
    assert [one.tier for one in one.ledger.worries] == ["urgent", "emergency"]


@pytest.mark.parametrize(("chance", "answer"), [(0.0, "not_since"), (1.0, "taken_since")])
async def test_the_day_after_the_last_dose_some_have_taken_one_more(chance: float, answer: str) -> None:
    one = someone()
    known = one.body.rates
    one.body.rates = dataclasses.replace(known, cycle=known.cycle | {"off_week_dose": chance})
    labels = {"not_since": "没有", "taken_since": "吃过"}
    assert await asked(one, "从那以后，您又吃过研究用药吗？", labels) == answer
    assert (one.capsule is not None) == (chance == 1.0)


async def test_in_a_rehearsal_it_is_extra_and_staff_hear_of_it(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    often(monkeypatch, "off_day_dose", 1.0)
    outcome = await play(participants=3, days=6, hour=8, persona="at once")
    assert broken(outcome) == []
    assert outcome.counts["doses_told_beside_the_plan"] >= 4


async def test_no_red_flag_is_found(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much else staff are told of those people."""

    async def nothing(*_: Any) -> None:
        return None

    often(monkeypatch, "off_day_dose", 1.0)
    monkeypatch.setattr(excess_doses, "raise_alert", nothing)
    found = broken(await play(participants=3, days=6, hour=8, persona="at once"))
    for tier in ("urgent", "emergency"):
        assert any(one.startswith(f"4: {tier} answer without an alert") for one in found), found


async def test_an_extra_that_no_figure_has_is_found(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    often(monkeypatch, "off_day_dose", 1.0)
    monkeypatch.setattr(persons, "_take_in_unplanned", lambda *_: None)
    found = broken(await play(participants=3, days=6, hour=8, persona="at once"))
    assert any("8: extra 0, by the ledgers" in one for one in found), found
    assert any("8: dose intensity" in one for one in found), found
