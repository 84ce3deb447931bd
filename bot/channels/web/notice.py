"""The page's own no: what was sent could not be taken. The person's words travel along, to be shown again."""

from __future__ import annotations

from collections.abc import Mapping


class NotTaken(Exception):
    """`text_id` names the sentence that explains it; `kept` are the words to show again, unaltered.

    `once` is given when they may have been stored all the same: under it they stay one message.
    """

    def __init__(
        self,
        status: int,
        text_id: str,
        values: Mapping[str, object] | None = None,
        kept: str = "",
        once: str = "",
    ) -> None:
        super().__init__(text_id)
        self.status = status
        self.text_id = text_id
        self.values = dict(values or {})
        self.kept = kept
        self.once = once
