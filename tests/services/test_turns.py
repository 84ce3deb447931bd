"""Who is served first when many wait: whoever has waited longest, whatever his number."""

from __future__ import annotations

from bot.services.locking import try_lock
from tests.services.conftest import House


async def test_the_first_who_is_free_is_taken(house: House) -> None:
    """By number, the same few would come first for as long as there are more who wait than are served."""
    first, second = (one.participant_id for one in house.people)
    for turn in ([second, first], [first, second]):
        async with house.ctx.begin() as tx, house.ctx.begin() as other:
            assert await try_lock(tx, turn) == turn[0]
            assert await try_lock(other, turn) == turn[1]
