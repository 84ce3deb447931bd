"""What a conversation asks the services to do, one small value per kind. A note does nothing by itself.

Every note has its one service function; NOTES is the list of names that scripts may use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class InvitationTried:
    """Outcome: linked | refused. `last4`: last digits of the participant's phone, as typed."""

    code: str
    last4: str


@dataclass(frozen=True, slots=True)
class RespondentTold:
    """Who holds the phone. Outcome: new | abroad (only Telegram is still to be agreed to) | known."""

    role: Literal["participant", "family"]


@dataclass(frozen=True, slots=True)
class ConsentDecided:
    """A consent given or refused; `text_ids` are the texts that were shown for it."""

    matter: Literal["health_data", "telegram_abroad"]
    given: bool
    text_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PreferenceTold:
    """Outcome: kept | refused. Values: "08:00" for dose_time, "21:30-07:30" for quiet_hours."""

    key: Literal["dose_time", "quiet_hours"]
    value: str


@dataclass(frozen=True, slots=True)
class DoseReported:
    """One answer about one dose. `claim`: said by a tap, and when or why is being asked; what follows supersedes it.

    `taken_at` None with status taken: the person never told when. `words` are the person's own, with reason
    other or ill; `quantity` counts what was swallowed at once. The reason is one of forgot, ill, told_to_stop,
    no_medicine, other, or None (not told).
    """

    dose_id: str
    status: Literal["taken", "not_taken"]
    taken_at: datetime | None = None
    precision: Literal["now", "told", "as_planned"] | None = None
    reason: str | None = None
    words: str = ""
    claim: bool = False
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class WordsMeant:
    """Words that could be about a dose or the answer to another question were asked back. `about`: that conversation."""

    meaning: Literal["dose", "answer"]
    words: str
    about: str


@dataclass(frozen=True, slots=True)
class AmountTold:
    """Words that told of another amount than is planned were asked back. `quantity` counts with `more`, of this drug."""

    answer: Literal["usual", "more", "less"]
    drug: str = ""
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class UnplannedTaken:
    """A dose of this drug that no plan had, or that was held. `taken_at` None: nobody knows when."""

    drug: str
    taken_at: datetime | None = None
    precision: Literal["now", "told"] | None = None
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class DoseVomited:
    """The person vomited after a dose that was told as taken."""

    dose_id: str


@dataclass(frozen=True, slots=True)
class DoseDeferred:
    """The person will answer later."""

    dose_id: str


@dataclass(frozen=True, slots=True)
class HoldClaimed:
    """The person says that a doctor told them to stop this drug: a claim until the site confirms it."""

    dose_id: str
    drug: str


@dataclass(frozen=True, slots=True)
class StaffWanted:
    """To be relayed to the site. `words` may be empty: then `about` says why a person is wanted.

    `about`: nurse (asked for), ill, no_medicine, other (why a dose was not taken), symptoms (added to a check).
    """

    words: str
    about: str = "nurse"


@dataclass(frozen=True, slots=True)
class SymptomsTold:
    """The symptoms in `words` are the participant's, by the writer's own answer."""

    words: str


@dataclass(frozen=True, slots=True)
class SymptomsWanted:
    """A symptom check is to begin now, because somebody feels ill. `occasion`: dose (why it was not taken).

    `symptoms`: only these are asked about, which were told in words.
    """

    occasion: Literal["told", "dose"]
    symptoms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SymptomsAnswered:
    """Outcome: go_on | call_first. All answers of a check so far; `check` is what the service began it with."""

    check: Mapping[str, Any]
    answers: Mapping[str, Any]
    sent: bool = True  # false: something was marked on a screen that is not sent off yet


@dataclass(frozen=True, slots=True)
class SymptomsReported:
    """A check is over. `respondent`: self, helped, caregiver. Not `complete`: it was left off on the way."""

    check: Mapping[str, Any]
    answers: Mapping[str, Any]
    respondent: str
    words: str = ""
    complete: bool = True


@dataclass(frozen=True, slots=True)
class CompanionAnswered:
    """About something beside the study drugs. `answer`: taken, missed, stopped; read; nothing_new, something_new."""

    about: Mapping[str, Any]
    matter: str
    answer: str


@dataclass(frozen=True, slots=True)
class DailyWanted:
    """A day's dose is told: medicines that are asked about daily follow, where there are any."""


@dataclass(frozen=True, slots=True)
class EdgeAnswered:
    """Asked at the edge of a cycle (`edge`: kind, cycle, due_on).

    `answer`: are capsules left, no | yes | unknown; `taken`: was any taken since, or of the new cycle, no | yes.
    """

    edge: Mapping[str, Any]
    answer: str
    taken: str = ""


@dataclass(frozen=True, slots=True)
class ProReported:
    """A licensed questionnaire is over, or was left off on the way (not `complete`). Scores are research data."""

    check: Mapping[str, Any]
    answers: Mapping[str, Any]
    respondent: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class RemindersPaused:
    pass


@dataclass(frozen=True, slots=True)
class RemindersResumed:
    pass


@dataclass(frozen=True, slots=True)
class ChannelLeft:
    pass


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    pass


@dataclass(frozen=True, slots=True)
class DangerConfirmed:
    """The danger in `words` is happening now, by the person's own answer."""

    words: str


@dataclass(frozen=True, slots=True)
class DangerDenied:
    pass


@dataclass(frozen=True, slots=True)
class CommandGiven:
    """A command was tapped or typed in the middle of a conversation; its question stays open."""

    command: str


Note: TypeAlias = (
    InvitationTried
    | RespondentTold
    | ConsentDecided
    | PreferenceTold
    | DoseReported
    | AmountTold
    | UnplannedTaken
    | WordsMeant
    | DoseVomited
    | DoseDeferred
    | HoldClaimed
    | StaffWanted
    | SymptomsTold
    | SymptomsWanted
    | SymptomsAnswered
    | SymptomsReported
    | CompanionAnswered
    | DailyWanted
    | EdgeAnswered
    | ProReported
    | RemindersPaused
    | RemindersResumed
    | ChannelLeft
    | ConsentWithdrawn
    | DangerConfirmed
    | DangerDenied
    | CommandGiven
)

NOTES: Mapping[str, type[Note]] = {
    "InvitationTried": InvitationTried,
    "RespondentTold": RespondentTold,
    "ConsentDecided": ConsentDecided,
    "PreferenceTold": PreferenceTold,
    "DoseReported": DoseReported,
    "AmountTold": AmountTold,
    "UnplannedTaken": UnplannedTaken,
    "WordsMeant": WordsMeant,
    "DoseVomited": DoseVomited,
    "DoseDeferred": DoseDeferred,
    "HoldClaimed": HoldClaimed,
    "StaffWanted": StaffWanted,
    "SymptomsTold": SymptomsTold,
    "SymptomsWanted": SymptomsWanted,
    "SymptomsAnswered": SymptomsAnswered,
    "SymptomsReported": SymptomsReported,
    "CompanionAnswered": CompanionAnswered,
    "DailyWanted": DailyWanted,
    "EdgeAnswered": EdgeAnswered,
    "ProReported": ProReported,
    "RemindersPaused": RemindersPaused,
    "RemindersResumed": RemindersResumed,
    "ChannelLeft": ChannelLeft,
    "ConsentWithdrawn": ConsentWithdrawn,
    "DangerConfirmed": DangerConfirmed,
    "DangerDenied": DangerDenied,
}
