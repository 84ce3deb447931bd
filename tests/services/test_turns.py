"""Who is served first when many wait: whoever has waited longest, whatever his number."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, bindparam, func, select

from bot.services.locking import opening
from tests.services.conftest import House

FIRST = opening(select(func.unnest(bindparam("turn", type_=ARRAY(BigInteger)))))


async def test_the_first_who_is_free_is_taken(house: House) -> None:
    """By number, the same few would come first for as long as there are more who wait than are served."""
    one, two = (person.participant_id for person in house.people)
    for turn in ([two, one], [one, two]):
        given = {"turn": turn}
        begin = house.ctx.begin_with
        async with begin(FIRST, given) as (_, mine), begin(FIRST, given) as (_, another):
            assert (mine.locked, another.locked) == (turn[:1], turn[1:])
