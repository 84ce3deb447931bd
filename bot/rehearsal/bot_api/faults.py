"""What can go wrong between us and Telegram, on purpose: faults for the next calls, and the flood limits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from bot.rehearsal.bot_api.params import ApiError


class FaultKind(StrEnum):
    TOO_MANY = "429"  # with retry_after = seconds
    FORBIDDEN = "403"
    NO_CHAT = "400"
    UNAUTHORIZED = "401"
    CONFLICT = "409"
    SERVER_ERROR = "502"  # with a page of HTML, as a proxy in front would answer
    INTERNAL = "500"  # with JSON
    RESET_BEFORE = "reset_before"  # nothing was done
    RESET_AFTER = "reset_after"  # it was done, and the answer is lost
    LATE = "late"  # it was done, and the answer comes after `seconds`
    BAD_JSON = "bad_json"  # it was done, and the answer is cut off
    STALL = "stall"  # held for `seconds` first, then done as usual


@dataclass(slots=True)
class Fault:
    """`times` calls still to hit, None: until cleared. `chat` or `method` None: any but getUpdates."""

    kind: FaultKind
    times: int | None = 1
    chat: int | None = None
    method: str | None = None
    seconds: float = 1.0

    def hits(self, method: str, chat: int | None) -> bool:
        if self.times == 0 or (self.chat is not None and self.chat != chat):
            return False
        return method == self.method if self.method is not None else method != "getUpdates"


@dataclass(slots=True)
class Faults:
    waiting: list[Fault] = field(default_factory=list)

    def fail(
        self,
        kind: str,
        times: int | None = 1,
        chat: int | None = None,
        method: str | None = None,
        seconds: float = 1.0,
    ) -> None:
        """The next `times` calls that match go wrong in this way. Earlier orders are carried out first."""
        self.waiting.append(Fault(FaultKind(kind), times, chat, method, seconds))

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, method: str, chat: int | None) -> Fault | None:
        for fault in self.waiting:
            if fault.hits(method, chat):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


def refusal(fault: Fault) -> ApiError | None:
    """The faults that are an answer of Telegram's own."""
    wait = max(1, round(fault.seconds))
    answers = {
        FaultKind.TOO_MANY: ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait),
        FaultKind.FORBIDDEN: ApiError(403, "Forbidden: bot was blocked by the user"),
        FaultKind.NO_CHAT: ApiError(400, "Bad Request: chat not found"),
        FaultKind.UNAUTHORIZED: ApiError(401, "Unauthorized"),
        FaultKind.CONFLICT: ApiError(
            409,
            "Conflict: terminated by other getUpdates request; "
            "make sure that only one bot instance is running",
        ),
        FaultKind.INTERNAL: ApiError(500, "Internal Server Error"),
    }
    return answers.get(fault.kind)


@dataclass(slots=True)
class Pace:
    """30 messages a second for the bot; one a second for a chat, after a short burst. Times in seconds."""

    per_second: int = 30
    burst: int = 3
    _all: deque[float] = field(default_factory=deque)
    _chats: dict[int, deque[float]] = field(default_factory=dict)

    def check(self, chat: int, now: float) -> None:
        """Counts one message, or raises 429 and does not count it."""
        own = self._chats.setdefault(chat, deque())
        for seen, span in ((self._all, 1.0), (own, float(self.burst))):
            while seen and seen[0] <= now - span:
                seen.popleft()
        full = [seen[0] + span for seen, most, span in self._windows(own) if len(seen) >= most]
        if full:
            wait = max(1, round(max(full) - now))
            raise ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        self._all.append(now)
        own.append(now)

    def _windows(self, own: deque[float]) -> tuple[tuple[deque[float], int, float], ...]:
        return (self._all, self.per_second, 1.0), (own, self.burst, float(self.burst))
