"""Who says something, as whom, through what: what every fact is recorded with."""

from __future__ import annotations

import dataclasses
import uuid

from bot.services.people import Who


@dataclasses.dataclass(frozen=True, slots=True)
class Author:
    """Who says it, as whom, through what: the same fields on every fact."""

    recorded_by: str
    as_whom: str
    contact_id: int | None = None
    inbox_id: int | None = None

    @staticmethod
    def of(who: Who, inbox_id: int | None) -> Author:
        return Author(who.actor, who.as_whom, who.contact_id, inbox_id)


def act(inbox_id: int | None) -> str:
    """What makes an act one in a unique key: its message. Where none stands behind it, each is its own."""
    return str(uuid.uuid4() if inbox_id is None else inbox_id)
