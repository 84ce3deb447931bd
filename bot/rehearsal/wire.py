"""The wire between the house and phones and mailboxes: what it carried, what it lost, and what it said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import NotSent, Rejected, SendError, TooFast, Unclear, Unreachable
from bot.messages import Outbound
from bot.rehearsal.faults import ALERTS, AT_SEND, Faults
from bot.rehearsal.ledger import Letter, alerts_in
from bot.rehearsal.phones import Phone

LONGEST_WAIT = 3600
STORM_WAITS = (7, 45, 300, 1800)  # seconds


@dataclass(frozen=True, slots=True)
class Delivered:
    result: str | SendError
    killed: bool = False


@dataclass(slots=True)
class Wire:
    """`carried`: how often each message really appeared. `seen` is told of each appearance, `lost` of each loss.

    `of_staff`: chats of staff. `turned_away`: alerts that a channel did not take because it was away.
    """

    faults: Faults
    seen: Callable[[Phone, Outbound, datetime], None]
    lost: Callable[[str, datetime], None]
    letter: Callable[[Letter], None] = lambda letter: None
    phones: dict[str, Phone] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    carried: Counter[str] = field(default_factory=Counter)
    refusing: set[str] = field(default_factory=set)  # addresses that are blocked
    of_staff: set[str] = field(default_factory=set)
    turned_away: set[int] = field(default_factory=set)
    news: set[str] = field(default_factory=set)  # pages that have something new
    _numbers: int = 0

    def deliver(self, channel: str, outbound: Outbound, now: datetime) -> Delivered:
        delivered, appears = self._fate(channel, outbound)
        if appears:
            self._show(channel, outbound, now)
        if not isinstance(delivered.result, str) or delivered.killed or not appears:
            self.lost(outbound.address, now)
        return delivered

    def _fate(self, channel: str, outbound: Outbound) -> tuple[Delivered, bool]:
        """What the house is told, and whether the message appears."""
        if self.faults.away(f"outage:{channel}"):
            self.turned_away.update(alerts_in(outbound.text))
            return Delivered(NotSent("connect")), False
        if self.faults.away(f"storm:{channel}"):
            return Delivered(TooFast(float(self.faults.chance.choice(STORM_WAITS)))), False
        if outbound.address in self.refusing:
            return Delivered(Unreachable("403")), False
        kind = self.faults.at(AT_SEND, ALERTS if "/console/alerts/" in outbound.text else "")
        self._numbers += 1
        sent = outbound.edits or f"s{self._numbers}"
        if not kind:
            return Delivered(sent), True
        self.faults.strike(kind, f"{channel} {outbound.message_key}")
        return self._struck(kind, sent)

    def _struck(self, kind: str, sent: str) -> tuple[Delivered, bool]:
        chance = self.faults.chance
        match kind:
            case "killed_before_send":
                return Delivered(sent, killed=True), False
            case "killed_after_send":
                return Delivered(sent, killed=True), True
            case "refused_connection":
                return Delivered(NotSent("connect")), False
            case "too_fast":
                return Delivered(TooFast(float(chance.choice((3, 30, 300, LONGEST_WAIT))))), False
            case "rejected":
                return Delivered(Rejected("400")), False
            case _:
                appears = kind == "reset_after" or (kind == "timeout" and chance.random() < 0.5)
                return Delivered(Unclear(kind)), appears

    def _show(self, channel: str, outbound: Outbound, now: datetime) -> None:
        self.carried[outbound.message_key] += 1
        if channel == "email" or outbound.address in self.of_staff:
            letter = Letter(now, outbound.address, outbound.subject, outbound.text, outbound.message_key)
            self.letters.append(letter)
            self.letter(letter)
            return
        phone = self.phones[outbound.address]
        message_id = outbound.edits or f"s{self._numbers}"
        phone.screen.pop(message_id, None)  # what changed last is what is looked at
        phone.show(message_id, outbound)
        self.seen(phone, outbound, now)
