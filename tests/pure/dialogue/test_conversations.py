"""Every other conversation, branch by branch: what is heard, which notes follow, where it ends."""

from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue.notes import (
    ChannelLeft,
    ConsentDecided,
    ConsentWithdrawn,
    DangerConfirmed,
    DangerDenied,
    DoseReported,
    HoldClaimed,
    InvitationTried,
    Note,
    PreferenceTold,
    RemindersPaused,
    RemindersResumed,
    RespondentTold,
    StaffWanted,
    SymptomsTold,
    SymptomsWanted,
)
from tests.pure.dialogue.talk import PHONE, Talk, at, dose
from tests.pure.dialogue.test_dose import is_claim

NOW = "2026-11-04 12:30"
HEALTH = ("welcome.what", "welcome.limits", "welcome.health_data", "welcome.health_data.ask")
ABROAD = ("welcome.abroad", "welcome.abroad.ask")


def welcome(channel: str = "web") -> dict[str, Any]:
    return {
        "channel": channel,
        "dose_time": "08:00",
        "quiet_from": "21:30",
        "quiet_to": "07:30",
        "study_name_id": "study.nct04217967.title",
        "site_name": "协和医院血液科",
        "site_phone": PHONE,
    }


def answered(drug: str = "lenalidomide", status: str = "taken", **changes: Any) -> dict[str, Any]:
    return dose(drug, status=status, taken_at="2026-11-04T08:05:00+08:00", **changes)


def consent(matter: Any, given: bool) -> ConsentDecided:
    return ConsentDecided(matter, given, HEALTH if matter == "health_data" else ABROAD)


CODE: dict[str, Any] = {"code": "A" * 22}
SITE: dict[str, Any] = {"site_phone": PHONE}
DANGER: dict[str, Any] = {"words": "上个月发过烧", "site_phone": PHONE}
TOLD: dict[str, Any] = {
    "mode": "sure",
    "items": [{"label": "symptom.cough"}],
    "symptoms": ["cough"],
    "symptoms_are": "some",
    "words": "老伴咳嗽",
    "site_phone": PHONE,
}
ANSWERED: dict[str, Any] = {"doses": [answered(), answered("ixazomib", "not_taken")], "site_phone": PHONE}
SELF, FAMILY = RespondentTold("participant"), RespondentTold("family")
YES, NO = consent("health_data", True), consent("health_data", False)
TRIED = InvitationTried("A" * 22, "1234")

CASES: list[tuple[str, str, dict[str, Any], list[str], list[Note]]] = [
    ("linked", "link", CODE, ["1234", "outcome:linked"], [TRIED]),
    ("full width", "link", CODE, ["１２３４", "outcome:linked"], [TRIED]),
    ("with spaces", "link", CODE, ["1 2 3 4", "outcome:linked"], [TRIED]),
    ("spoken digits", "link", CODE, ["幺二三四", "outcome:linked"], [TRIED]),
    ("whole telephone number", "link", CODE, ["138-0000-1234", "outcome:linked"], [TRIED]),
    (
        "second try",
        "link",
        CODE,
        ["9999", "outcome:refused", "1234", "outcome:linked"],
        [InvitationTried("A" * 22, "9999"), TRIED],
    ),
    ("three tries", "link", CODE, ["1234", "outcome:refused"] * 3, [TRIED] * 3),
    ("no invitation", "link", {"code": ""}, [], []),
    # -- welcome
    ("self, all kept", "welcome", welcome(), ["本人", "outcome:new", "同意", "合适", "合适"], [SELF, YES]),
    ("by numbers", "welcome", welcome(), ["1", "outcome:new", "1", "1", "１"], [SELF, YES]),
    (
        "family",
        "welcome",
        welcome(),
        ["我是家属", "outcome:new", "tap:agree", "tap:keep", "tap:keep"],
        [FAMILY, YES],
    ),
    ("declined", "welcome", welcome(), ["tap:self", "outcome:new", "不同意"], [SELF, NO]),
    (
        "telegram, both consents",
        "welcome",
        welcome("telegram"),
        ["tap:self", "outcome:new", "tap:agree", "我同意", "tap:keep", "tap:keep"],
        [SELF, YES, consent("telegram_abroad", True)],
    ),
    (
        "telegram, abroad declined",
        "welcome",
        welcome("telegram"),
        ["tap:self", "outcome:new", "tap:agree", "tap:decline"],
        [SELF, YES, consent("telegram_abroad", False)],
    ),
    (
        "family, invited as such",
        "welcome",
        welcome() | {"invited_as": "family"},
        ["tap:agree", "tap:keep", "tap:keep"],
        [YES],
    ),
    ("another telephone of the same person", "welcome", welcome(), ["tap:self", "outcome:known"], [SELF]),
    (
        "Telegram beside the page",
        "welcome",
        welcome("telegram"),
        ["tap:self", "outcome:abroad", "tap:agree"],
        [SELF, consent("telegram_abroad", True)],
    ),
    (
        "another dose time",
        "welcome",
        welcome(),
        ["1", "outcome:new", "1", "早上7点半", "对", "outcome:kept", "合适"],
        [SELF, YES, PreferenceTold("dose_time", "07:30")],
    ),
    (
        "another dose time, changed twice",
        "welcome",
        welcome(),
        ["1", "outcome:new", "1", "晚上8点", "不对", "早上7点", "早上7点半", "1", "outcome:kept", "1"],
        [SELF, YES, PreferenceTold("dose_time", "07:30")],
    ),
    (
        "dose time refused by the site",
        "welcome",
        welcome(),
        ["1", "outcome:new", "1", "凌晨3点", "1", "outcome:refused", "1"],
        [SELF, YES, PreferenceTold("dose_time", "03:00")],
    ),
    (
        "other quiet hours",
        "welcome",
        welcome(),
        ["1", "outcome:new", "1", "1", "晚上9点到早上7点", "对", "outcome:kept"],
        [SELF, YES, PreferenceTold("quiet_hours", "21:00-07:00")],
    ),
    (
        "quiet hours in figures",
        "welcome",
        welcome(),
        ["1", "outcome:new", "1", "1", "２２:００～６:３０", "不对", "22:00-06:00", "1", "outcome:refused"],
        [SELF, YES, PreferenceTold("quiet_hours", "22:00-06:00")],
    ),
    # -- correct
    ("nothing to correct", "correct", {"doses": [], "site_phone": PHONE}, [], []),
    (
        "to taken",
        "correct",
        ANSWERED,
        ["tap:d2", "吃了", "早上9点", "对"],
        [DoseReported("i1", "taken", at("2026-11-04 09:00"), "told")],
    ),
    (
        "to taken as planned, by numbers",
        "correct",
        ANSWERED,
        ["2", "1", "2"],
        [DoseReported("i1", "taken", at("2026-11-04 08:00"), "as_planned")],
    ),
    (
        "time and act in one",
        "correct",
        ANSWERED,
        ["1", "早上9点吃的", "对"],
        [DoseReported("l1", "taken", at("2026-11-04 09:00"), "told")],
    ),
    (
        "to not taken",
        "correct",
        ANSWERED,
        ["1", "没吃", "忘了"],
        [DoseReported("l1", "not_taken", reason="forgot")],
    ),
    (
        "forgot at once",
        "correct",
        ANSWERED,
        ["1", "忘了"],
        [DoseReported("l1", "not_taken", reason="forgot")],
    ),
    (
        "to stopped",
        "correct",
        ANSWERED,
        ["1", "2", "3"],
        [DoseReported("l1", "not_taken", reason="told_to_stop"), HoldClaimed("l1", "lenalidomide")],
    ),
    (
        "to ill",
        "correct",
        ANSWERED,
        ["1", "2", "2"],
        [DoseReported("l1", "not_taken", reason="ill"), StaffWanted("", "ill")],
    ),
    (
        "to a reason in words",
        "correct",
        ANSWERED,
        ["1", "2", "掉地上了"],
        [DoseReported("l1", "not_taken", reason="other", words="掉地上了"), StaffWanted("掉地上了", "other")],
    ),
    ("nothing changed", "correct", ANSWERED, ["返回"], []),
    ("nothing changed after all", "correct", ANSWERED, ["1", "返回"], []),
    ("nobody tells when", "correct", ANSWERED, ["1", "1", "silence"], [DoseReported("l1", "taken")]),
    ("nobody tells why", "correct", ANSWERED, ["1", "2", "silence"], [DoseReported("l1", "not_taken")]),
    ("silence changes nothing", "correct", ANSWERED, ["1", "silence"], []),
    # -- nurse, stop, resume, danger
    ("words", "nurse", SITE, ["想问问下次什么时候抽血"], [StaffWanted("想问问下次什么时候抽血")]),
    ("no words after all", "nurse", SITE, ["返回"], []),
    ("pause", "stop", SITE, ["暂停提醒", "对"], [RemindersPaused()]),
    ("leave", "stop", SITE, ["2", "1"], [ChannelLeft()]),
    ("withdraw", "stop", SITE, ["撤回同意", "tap:yes"], [ConsentWithdrawn()]),
    ("pause, then not", "stop", SITE, ["1", "不"], []),
    ("leave, then not", "stop", SITE, ["2", "2"], []),
    ("withdraw, then not", "stop", SITE, ["3", "tap:no"], []),
    ("back", "stop", SITE, ["4"], []),
    ("again", "resume_reminders", {}, [], [RemindersResumed()]),
    ("now", "danger", DANGER, ["现在有"], [DangerConfirmed("上个月发过烧")]),
    ("now, by number", "danger", DANGER, ["1"], [DangerConfirmed("上个月发过烧")]),
    ("not now", "danger", DANGER, ["没有"], [DangerDenied()]),
    # -- told in words
    ("his own, and no more", "told", TOLD, ["是本人", "不用了"], [SymptomsTold("老伴咳嗽")]),
    (
        "his own, and more",
        "told",
        TOLD,
        ["1", "说细一点"],
        [SymptomsTold("老伴咳嗽"), SymptomsWanted("told", ("cough",))],
    ),
    ("nothing to ask on about", "told", TOLD | {"symptoms_are": "none"}, ["1"], [SymptomsTold("老伴咳嗽")]),
    ("somebody else's", "told", TOLD, ["是别人"], []),
    ("passed on already", "told", TOLD | {"mode": "more"}, ["1"], [SymptomsWanted("told", ("cough",))]),
]


@pytest.mark.parametrize(
    ("name", "script", "slots", "lines", "notes"), CASES, ids=[f"{case[1]}: {case[0]}" for case in CASES]
)
def test_where_it_leads(
    name: str, script: str, slots: dict[str, Any], lines: list[str], notes: list[Note]
) -> None:
    talk = Talk(script, slots, at(NOW))
    for line in lines:
        talk.hear(line)
    assert [note for note in talk.notes if not is_claim(note)] == notes
    assert talk.step == "end"


@pytest.mark.parametrize(
    ("said", "status", "asked"), [("吃了", "taken", "when"), ("没吃", "not_taken", "why")]
)
def test_a_correction_stands_at_the_tap(said: str, status: str, asked: str) -> None:
    """Whoever leaves off at the next question has said it."""
    talk = Talk("correct", ANSWERED, at(NOW))
    talk.hear("1")
    talk.hear(said)
    assert all(is_claim(note) for note in talk.notes)
    assert [(note.dose_id, note.status) for note in talk.notes if isinstance(note, DoseReported)] == [
        ("l1", status)
    ]
    assert talk.step == asked
