"""A dose beside the plan that somebody began to tell of, and left: an hour later that conversation ends its own way.

What he told until then is on record, with its alert, on that day and not weeks later; and he is not asked again for ever.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.services import conversing, talks
from bot.services.context import Tx
from bot.services.timers import Fire, Postpone


async def left(tx: Tx, timer: Row[Any]) -> str | Postpone:
    row = await talks.open_in(tx, timer.payload["conversation_id"])
    talk = await talks.talk_of(tx, row) if row is not None else None
    if row is None or talk is None:
        return "answered"
    if row.asked_at + conversing.LEFT_AFTER > tx.now:  # he went on meanwhile
        return Postpone(row.asked_at + conversing.LEFT_AFTER)
    await conversing.fall_silent(tx, row.contact_id, talk, "question.past", timer.payload["inbox_id"])
    return "ended"


FIRE: dict[str, Fire] = {conversing.LEFT_KIND: left}
