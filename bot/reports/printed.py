"""What is printed with every report so that its figures can be defended: the words, the rules, and which edition of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bot.dialogue.turn import Phrase
from bot.reports.as_of import stamp
from bot.reports.compliance import Compliance
from bot.wording import Wording

DEFINED = (
    "as_of",
    "planned",
    "held",
    "in_window",
    "late",
    "missed",
    "unanswered",
    "not_asked",
    "open",
    "extra",
    "adherence",
    "adherence_answered",
    "on_time",
    "response",
    "rdi",
    "arm",
    "site",
    "week",
    "prompt",
    "nudge",
    "check",
    "supply",
)


@dataclass(frozen=True, slots=True)
class Reader:
    """A language and its texts."""

    wording: Wording
    language: str

    def text(self, text_id: str, **values: str | int | Phrase) -> str:
        return self.wording.text(self.language, Phrase(text_id, values))

    @property
    def catalogue(self) -> str:
        """The hash that names this very edition of the texts."""
        return self.wording.hash(self.language)


def identity(report: Compliance, reader: Reader) -> dict[str, str]:
    """What names this report: the same identity over the same records gives the same bytes."""
    rules = report.rules
    return {
        "study": report.scope.study,
        "sites": report.scope.site or "all",
        "as_of": stamp(report.scope.as_of),
        "version": rules.current.version if rules.current else "",
        "definition": rules.current_hash,
        "catalogue": reader.catalogue,
    }


def definitions(report: Compliance, reader: Reader) -> list[tuple[str, str]]:
    """(name, sentence) of every figure, and the hours of each drug."""
    found = [(name, reader.text(f"report.define.{name}")) for name in DEFINED]
    study = report.rules.current
    for name, drug in study.drugs.items() if study else ():
        hours: dict[str, int] = {"on_time": drug.window.on_time_hours, "close": drug.close_after_hours}
        found.append((f"window_{name}", reader.text("report.define.window", drug=Phrase(drug.name), **hours)))
    return found


def notes(report: Compliance, reader: Reader) -> list[tuple[str, str]]:
    return [(text_id.rpartition(".")[2], reader.text(text_id, **values)) for text_id, values in report.notes]


def drug_name(report: Compliance, reader: Reader, drug: str) -> str:
    study = report.rules.current
    return reader.text(study.drugs[drug].name) if study and drug in study.drugs else drug


def arm_name(report: Compliance, reader: Reader, arm: str) -> str:
    """An arm is told by its drugs; a name that nobody knows is shown as it stands."""
    study = report.rules.current
    if study is None or arm not in study.arms:
        return arm
    return " + ".join(drug_name(report, reader, one.drug) for one in study.arms[arm].drugs)


def percentage(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:.2f}%"
