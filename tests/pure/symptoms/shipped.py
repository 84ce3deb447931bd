"""The weekly check and its rules as they are shipped, and the slots that its conversation is begun with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.symptoms.examples import parse_examples
from bot.symptoms.grading import parse_grading
from bot.symptoms.questionnaire import Questionnaire, parse_questionnaire
from bot.symptoms.triage import parse_triage

FOLDER = Path(__file__).parents[3] / "bot" / "symptoms"
WEEKLY_TOML = (FOLDER / "questionnaires" / "weekly.toml").read_text(encoding="utf-8")
GRADING_TOML = (FOLDER / "rules" / "grading.toml").read_text(encoding="utf-8")
TRIAGE_TOML = (FOLDER / "rules" / "triage.toml").read_text(encoding="utf-8")
WEEKLY = parse_questionnaire(WEEKLY_TOML, "weekly.toml")
GRADING = parse_grading(GRADING_TOML, "grading.toml")
TRIAGE = parse_triage(TRIAGE_TOML, "triage.toml")
GRADING_EXAMPLES, TRIAGE_EXAMPLES = (
    parse_examples((FOLDER / "examples" / name).read_text(encoding="utf-8"), name)
    for name in ("grading.toml", "triage.toml")
)
# A check of two short screens, for what a conversation does whatever is asked in it.
SCREENS = (
    ("fever", "numbness", "diarrhea", "constipation"),
    ("nausea", "vomiting", "rash", "fatigue"),
)
SHORT = WEEKLY.model_copy(
    update={
        "screens": SCREENS,
        "symptoms": {name: WEEKLY.symptoms[name] for screen in SCREENS for name in screen},
    }
)
ABOUT = {
    "report": 1,
    "questionnaire": "weekly",
    "definition": "h",
    "occasion": "weekly",
    "due_on": "2026-11-08",
}


def slots(occasion: str = "weekly", check: Questionnaire = WEEKLY) -> dict[str, Any]:
    hello = dict(check.hello)[occasion]  # type: ignore[index]  # any name: a wrong one is a KeyError
    return {
        "check": {**ABOUT, "occasion": occasion},
        "hello": hello,
        "site_phone": "010-1234",
        **check.slots(),
    }
