"""What a patient wrote in his own words: the danger in it, and the symptoms, each meant now or not.

It never sets a grade and never reassures; whatever it does not find still goes to the conversation and to staff.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.symptoms.certainty import names_kin
from bot.symptoms.danger import DANGER_TIERS, Danger, DangerLexicon
from bot.symptoms.judging import Judged, judged
from bot.symptoms.net import Net, net_of
from bot.symptoms.passage import Passage, read_passage
from bot.symptoms.residual import is_residual
from bot.symptoms.symptom_words import SymptomWords
from bot.symptoms.word_rules import TIERS, Tier, WordRule

Urgency = Literal["emergency", "urgent", "routine", "none"]
URGENCIES: tuple[Urgency, ...] = ("emergency", "urgent", "routine", "none")
Sure = Literal["stated", "residual", "doubtful"]


def scan(text: str, lexicon: DangerLexicon) -> tuple[Danger, ...]:
    """The danger rules that a text of any length meets, what must be acted on first coming first:

    stated before doubtful, emergency before urgent, a named symptom before none, then the order of the file.
    One Danger per rule; a statement anywhere wins over a denial elsewhere. Never raises.
    """
    passage = read_passage(text, lexicon.simplify, lexicon.sounds)
    found = [_danger(rule, heard) for rule, heard in _named_first(judged(passage, lexicon.net))]
    return tuple(sorted(found, key=_rank))


def _named_first(met: Iterable[tuple[WordRule, Judged]]) -> list[tuple[WordRule, Judged]]:
    """What names a symptom before what only says that something is wrong, each in the order of the file."""
    return sorted(met, key=lambda one: not one[0].codes)


def _rank(danger: Danger) -> tuple[bool, int]:
    return danger.certainty == "doubtful", DANGER_TIERS.index(danger.tier)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Danger rules and symptom words as one net, so that a text is searched once."""

    danger: DangerLexicon
    symptoms: SymptomWords
    net: Net


def lexicon(danger: DangerLexicon, symptoms: SymptomWords) -> Lexicon:
    return Lexicon(danger, symptoms, net_of((*danger.rules, *symptoms.rules)))


@dataclass(frozen=True, slots=True)
class Symptom:
    """One symptom that was written about. `rule` is id@version of what makes its urgency.

    `residual`: some of it is left. `doubtful`: denied, past, supposed, asked, or about somebody else; its urgency is
    what it would have. `words` are the patient's own in plain form: personal data, not for logs.
    """

    code: str
    certainty: Sure
    urgency: Tier
    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class Heard:
    """`urgency` is that of everything stated, also of danger that has no symptom's name. `rule` is what made it.

    `dangers`: as of `scan`, and what else is stated as urgent or worse by a symptom's words.
    """

    symptoms: tuple[Symptom, ...]
    urgency: Urgency
    rule: str
    dangers: tuple[Danger, ...] = ()
    kin: bool = False
    """A symptom is told of a relative, who is the patient if his family writes, and may be another if he writes himself."""

    @property
    def codes(self) -> tuple[str, ...]:
        """What is stated, in order of the alphabet."""
        return tuple(sorted(one.code for one in self.symptoms if one.certainty != "doubtful"))


def read(text: str, words: Lexicon) -> Heard:
    """What a text of any length says of symptoms. In time proportional to its length; never raises."""
    passage = read_passage(text, words.danger.simplify, words.danger.sounds)
    met = _named_first(judged(passage, words.net))
    told = [_told(rule, heard, passage) for rule, heard in met]
    symptoms = _symptoms(told, words.symptoms)
    causes: list[tuple[Urgency, str]] = [
        (one.urgency, one.rule) for one in told if one.certainty != "doubtful"
    ]
    causes += _together(symptoms, words.symptoms)
    urgency, rule = min(causes, key=lambda cause: URGENCIES.index(cause[0]), default=("none", ""))
    dangers = [_danger(rule, heard) for rule, heard in met if rule.flag]
    dangers += _worse(told, causes, passage.text)
    return Heard(symptoms, urgency, rule, tuple(sorted(dangers, key=_rank)), any(one.kin for one in told))


def _danger(rule: WordRule, heard: Judged) -> Danger:
    tier = DANGER_TIERS[rule.tier != "emergency"]
    return Danger(rule.id, rule.version, tier, heard.certainty, heard.words)


def _worse(told: Iterable[_Told], causes: Iterable[tuple[Urgency, str]], text: str) -> list[Danger]:
    """What a symptom's words state as urgent or worse: acted on like danger, under its own rule."""
    words = {one.rule: one.words for one in told if not one.danger}
    known = {one.rule for one in told if one.danger}
    found = []
    for urgency, rule in causes:
        rule_id, _, version = rule.partition("@")
        if rule not in known and urgency in DANGER_TIERS:
            tier = DANGER_TIERS[urgency != "emergency"]
            found.append(Danger(rule_id, int(version), tier, "stated", words.get(rule, text)))
    return found


@dataclass(frozen=True, slots=True)
class _Told:
    codes: tuple[str, ...]
    certainty: Sure
    urgency: Tier
    rule: str
    words: str
    danger: bool
    kin: bool


def _told(rule: WordRule, heard: Judged, passage: Passage) -> _Told:
    """ "还有一点" is what is left of a symptom: it waits for the digest, unless it is danger or an emergency."""
    certainty: Sure = heard.certainty
    kin = certainty == "stated" and any(names_kin(passage, place) for place in heard.places)
    urgency = rule.tier
    danger = rule.flag or rule.tier == "emergency"
    if certainty == "stated" and not danger and any(is_residual(passage, place) for place in heard.places):
        certainty, urgency = "residual", "routine"
    return _Told(
        rule.codes, certainty, urgency, f"{rule.id}@{rule.version}", heard.words, bool(rule.flag), kin
    )


def _symptoms(told: Iterable[_Told], words: SymptomWords) -> tuple[Symptom, ...]:
    """Each code once: what is stated before what is doubtful, and of several the most urgent."""
    best: dict[str, Symptom] = {}
    for one in sorted(told, key=lambda one: (one.certainty == "doubtful", TIERS.index(one.urgency))):
        for code in one.codes:
            best.setdefault(code, Symptom(code, one.certainty, one.urgency, one.rule, one.words))
    stated = {code for code, one in best.items() if one.certainty != "doubtful"}
    hidden = {code for one in stated for code in words.hides.get(one, ())}
    return tuple(one for code, one in best.items() if code not in hidden)


def _together(symptoms: tuple[Symptom, ...], words: SymptomWords) -> list[tuple[Urgency, str]]:
    codes = {one.code for one in symptoms if one.certainty == "stated"}
    return [(one.tier, f"{one.id}@{one.version}") for one in words.together if one.codes <= codes]
