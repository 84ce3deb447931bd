"""Capsules by hand: what should be left on the day of a count."""

from __future__ import annotations

from datetime import date

from schedules.supplies import Count, Supply, stock


def day(number: int) -> date:
    return date(2026, 11, number)


def test_a_month_of_ixazomib() -> None:
    found = stock(
        [Supply("dispensed", day(1), 3), Supply("counted", day(10), 1), Supply("counted", day(28), 1)],
        [(day(2), 1), (day(9), 1), (day(16), 1)],
    )
    assert (found.dispensed, found.taken, found.left) == (3, 3, 0)
    assert found.counts == (Count(day(10), 1, 1), Count(day(28), 1, 0))
    assert [count.difference for count in found.counts] == [0, 1], "one told as taken is still there"


def test_what_came_back_is_no_longer_there() -> None:
    found = stock(
        [Supply("dispensed", day(1), 11), Supply("returned", day(20), 4), Supply("dispensed", day(20), 11)],
        [(day(1), 1), (day(3), 2)],
    )
    assert (found.dispensed, found.returned, found.taken, found.left) == (22, 4, 3, 15)


def test_intakes_before_the_first_dispensing_came_from_elsewhere() -> None:
    found = stock(
        [Supply("dispensed", day(10), 3), Supply("counted", day(10), 3)], [(day(2), 1), (day(9), 1)]
    )
    assert (found.taken, found.counts) == (0, (Count(day(10), 3, 3),))


def test_a_count_without_dispensing_expects_nothing() -> None:
    found = stock([Supply("counted", day(5), 2)], [(day(1), 1)])
    assert found.counts == (Count(day(5), 2, 0),)
