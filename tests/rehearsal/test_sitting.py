"""What virtual people write into their ledgers is what their screens said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from bot.messages import Choice, Kind, Press
from bot.rehearsal.body import Body
from bot.rehearsal.ledger import Act, Ledger, Order, Said
from bot.rehearsal.people import Hands, Person
from bot.rehearsal.persona import PERSONAS
from bot.rehearsal.phones import Phone
from bot.rehearsal.plain.figures import last_of
from bot.rehearsal.rates import load
from bot.rehearsal.reading import read
from bot.rehearsal.sitting import Sitting

BEGIN = datetime(2027, 1, 11, 16, 0, tzinfo=UTC)  # midnight in Shanghai, 12 January
TYPED_LATE = datetime(2027, 1, 14, 9, 0, tzinfo=UTC)  # day 3 of a cycle that nobody had typed
BOTH = "该吃药了，这次是两种：\n伊沙佐米 4毫克\n来那度胺 25毫克\n先说伊沙佐米（1/2），吃了吗？"
LATER = "（1/2）\n昨天（1月14日，周四）早上8:00的伊沙佐米（4毫克），您吃了吗？"


def person() -> Person:
    ledger = Ledger(0, "REA", "combination")
    ledger.orders += [
        Order(BEGIN, BEGIN, "arm", "combination"),
        Order(BEGIN, BEGIN, "habit", "Asia/Shanghai 08:00 21:30 07:30"),
        Order(TYPED_LATE, TYPED_LATE, "cycle", cycle=1, on=date(2027, 1, 12)),
    ]
    body = Body("combination", Random(1), load(), date(2027, 1, 12))
    phone = Phone("1", "web")
    return Person(ledger, PERSONAS[0], Random(1), body, [phone], "Asia/Shanghai", "0000")


def house(*, away: bool, now: datetime = TYPED_LATE) -> Any:
    """As much of it as is looked at; it has no database, so that a page that opens fails."""
    return SimpleNamespace(now=now, faults=SimpleNamespace(away=lambda name: away))


def test_both_taken_means_the_doses_of_the_question_also_where_they_are_of_different_days() -> None:
    one = person()
    question = read(BOTH, ("taken", "later", "not_taken", "all_taken"), one.today(TYPED_LATE))
    sitting = Sitting(Hands(house(away=False)), one, one.phones[0])
    about = sitting.about(question)
    assert about is not None and (about.drug, about.on) == ("ixazomib", date(2027, 1, 12))
    # The window of day 1 of lenalidomide is over: what is asked about beside ixazomib is day 3.
    assert [(dose.drug, dose.on) for dose in one.beside(question, about, sitting.now)] == [
        ("lenalidomide", date(2027, 1, 14))
    ]


def test_both_taken_means_both_doses_of_a_day_also_where_only_the_first_is_named() -> None:
    one = person()
    one.ledger.orders[-1] = replace(one.ledger.orders[-1], on=date(2027, 1, 14))
    question = read(LATER, ("taken", "not_taken", "cannot_say", "all_taken"), date(2027, 1, 15))
    assert (question.kind, question.left) == ("did", 1)
    assert read("1/3 " + LATER.partition("\n")[2], (), date(2027, 1, 15)).left == 2, "on the page"
    sitting = Sitting(Hands(house(away=False, now=TYPED_LATE + timedelta(days=1))), one, one.phones[0])
    about = sitting.about(question)
    assert about is not None and (about.drug, about.on) == ("ixazomib", date(2027, 1, 14))
    assert [(dose.drug, dose.on) for dose in one.beside(question, about, sitting.now)] == [
        ("lenalidomide", date(2027, 1, 14))
    ]


LISTED = (
    "（1/2）\n这几次还没有记上，如果都吃了，可以点“都吃了”：\n1月12日（周二）早上8:00的伊沙佐米，4毫克\n"
    "1月12日（周二）早上8:00的来那度胺，25毫克\n1月12日（周二）早上8:00的伊沙佐米（4毫克），您吃了吗？"
)


def test_all_taken_means_each_listed_dose_of_its_own_day() -> None:
    """Also one of a medicine whose next dose was told of already."""
    someone, now = person(), BEGIN + timedelta(days=3, hours=9)
    question = read(LISTED, ("taken", "not_taken", "cannot_say", "all_taken"), someone.today(now))
    dose = someone.dose(question.drug, question.on, now)
    assert dose is not None
    beside = someone.beside(question, dose, now)
    assert [(one.drug, one.on) for one in beside] == [("lenalidomide", date(2027, 1, 12))]


def test_taken_without_an_hour_adds_nothing_to_taken_with_one() -> None:
    act = Act(BEGIN, "1", "web", "web:1", "taken")
    told, again = (
        Said(act, "ixazomib", date(2027, 1, 12), "taken", taken_at=at)
        for at in (BEGIN + timedelta(hours=9), None)
    )
    missed = replace(again, status="not_taken")
    assert last_of([told, again]) is told
    assert last_of([told, missed, again]) is again
    assert last_of([again, told]) is told
    assert last_of([]) is None


def test_what_is_asked_again_was_not_heard_on_an_old_screen() -> None:
    one, day_3 = person(), date(2027, 1, 14)
    act = Act(TYPED_LATE, "1", "web", "web:1", "taken", acknowledged_at=TYPED_LATE)
    one.ledger.said.append(Said(act, "lenalidomide", day_3, "taken", doubtful=True))
    asked = one.dose("lenalidomide", None, TYPED_LATE)
    assert asked is not None and asked.on == day_3
    one.ledger.said.append(Said(act, "lenalidomide", day_3, "taken"))
    assert one.dose("lenalidomide", None, TYPED_LATE) is None


def test_what_is_told_where_he_tapped_something_before_may_be_too_late() -> None:
    one = person()
    sitting = Sitting(Hands(house(away=False)), one, one.phones[0])
    dose = one.dose("lenalidomide", None, TYPED_LATE)
    act = Act(TYPED_LATE, "1", "web", "web:1", "taken")
    assert dose is not None
    for tapped, doubtful in ((("t", "view"), False), (("other", "later"), False), (("t", "later"), True)):
        one.pressed.add(tapped)
        sitting.look_back({"taken": Choice("吃了", Press("t", "taken"))})
        sitting.said(act, dose, "taken")
        assert one.ledger.said[-1].doubtful is doubtful, tapped


def test_the_same_hour_is_that_of_the_other_medicine_of_the_day() -> None:
    ledger, day = person().ledger, date(2027, 1, 12)
    act, at = Act(BEGIN, "1", "web", "web:1", "taken"), BEGIN + timedelta(hours=9)
    ledger.said += [
        Said(act, "ixazomib", day, "taken", taken_at=at),
        Said(act, "lenalidomide", date(2027, 1, 14), "taken", taken_at=at + timedelta(days=2)),
    ]
    assert ledger.hour_beside("lenalidomide", day) == at
    assert ledger.hour_beside("ixazomib", day) is None


async def test_a_page_does_not_open_while_the_house_is_down() -> None:
    one = person()
    await Hands(house(away=True)).look(one, one.phones[0])
    assert one.ledger.asked == [] and one.ledger.seen == []


class Overtaken(Hands):
    """Of two taps the first is on its way for longer."""

    async def do(self, person: Person, phone: Phone, kind: Kind, **given: Any) -> Act:
        self.number += 1
        act = Act(TYPED_LATE, phone.address, phone.channel, f"web:{self.number}", "taken")
        act.acknowledged_at = None if self.number == 1 else TYPED_LATE
        return act


async def test_of_two_taps_the_one_that_arrives_first_counts() -> None:
    one = person()
    one.persona = replace(one.persona, twice=1.0)
    act = await Overtaken(house(away=False), number=0).press(one, one.phones[0], "1", Press("t", "taken"))
    assert act.external_id == "web:2"
    assert one.twice == 1
