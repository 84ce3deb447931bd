"""The dose check, as conversations that a nurse can read: what is heard, what is recorded, what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue.notes import DoseDeferred, DoseReported, HoldClaimed, Note, StaffWanted, SymptomsWanted
from bot.dialogue.turn import JSON
from tests.pure.dialogue.talk import PHONE, Talk, at, dose

Doses = list[dict[str, JSON]]

ONE: Doses = [dose("lenalidomide")]
TWO: Doses = [dose("ixazomib"), dose("lenalidomide")]
DID: Doses = [dose("lenalidomide", mode="did")]
DID_TWO: Doses = [dose("ixazomib", mode="did"), dose("lenalidomide", mode="did")]
HELD: Doses = [dose("lenalidomide", mode="hold_check")]
THREE: Doses = [*DID_TWO, dose("lenalidomide", mode="did", dose_id="l2")]
MIXED: Doses = [dose("ixazomib", mode="hold_check"), dose("lenalidomide")]

DUE, ON_TIME, NOON, NIGHT = (f"2026-11-04 {clock}" for clock in ("08:00", "08:05", "12:30", "22:00"))
NEXT_DAY = "2026-11-05 08:00"


def begun(doses: Doses, now: str) -> Talk:
    return Talk("dose", {"doses": [*doses], "site_phone": PHONE}, at(now))


def taken(dose_id: str, when: str, precision: Any) -> DoseReported:
    return DoseReported(dose_id, "taken", at(when), precision)


def not_taken(dose_id: str, reason: str | None, words: str = "") -> DoseReported:
    return DoseReported(dose_id, "not_taken", reason=reason, words=words)


CASES: list[tuple[str, Doses, str, list[str], list[Note]]] = [
    # -- one drug, answered in time: one tap is enough
    ("tap", ONE, ON_TIME, ["tap:taken"], [taken("l1", ON_TIME, "now")]),
    ("at the very minute", ONE, DUE, ["tap:taken"], [taken("l1", DUE, "now")]),
    ("the last minute of the hour", ONE, "2026-11-04 09:00", ["1"], [taken("l1", "2026-11-04 09:00", "now")]),
    ("word", ONE, ON_TIME, ["吃了"], [taken("l1", ON_TIME, "now")]),
    ("word with a stop", ONE, ON_TIME, ["吃了。"], [taken("l1", ON_TIME, "now")]),
    ("word with thanks", ONE, ON_TIME, ["我吃过了，谢谢护士"], [taken("l1", ON_TIME, "now")]),
    ("traditional", ONE, ON_TIME, ["已經吃了"], [taken("l1", ON_TIME, "now")]),
    ("ok", ONE, ON_TIME, [" OK "], [taken("l1", ON_TIME, "now")]),
    ("English", ONE, ON_TIME, ["Taken"], [taken("l1", ON_TIME, "now")]),
    ("number", ONE, ON_TIME, ["1"], [taken("l1", ON_TIME, "now")]),
    ("full-width number", ONE, ON_TIME, ["１"], [taken("l1", ON_TIME, "now")]),
    ("number with a stop", ONE, ON_TIME, ["1。"], [taken("l1", ON_TIME, "now")]),
    ("number in a circle", ONE, ON_TIME, ["①"], [taken("l1", ON_TIME, "now")]),
    ("Chinese number", ONE, ON_TIME, ["一"], [taken("l1", ON_TIME, "now")]),
    ("the first", ONE, ON_TIME, ["第1个"], [taken("l1", ON_TIME, "now")]),
    ("both said of one", ONE, ON_TIME, ["都吃了"], [taken("l1", ON_TIME, "now")]),
    # -- later than an hour: the time is asked, never made up
    ("just now", ONE, NOON, ["tap:taken", "tap:now"], [taken("l1", NOON, "now")]),
    ("just now in words", ONE, NOON, ["吃了", "刚才"], [taken("l1", NOON, "now")]),
    ("as planned", ONE, NOON, ["tap:taken", "tap:as_planned"], [taken("l1", DUE, "as_planned")]),
    ("as planned by number", ONE, NOON, ["1", "2"], [taken("l1", DUE, "as_planned")]),
    (
        "a time, echoed",
        ONE,
        NOON,
        ["tap:taken", "早上八点半", "tap:yes"],
        [taken("l1", "2026-11-04 08:30", "told")],
    ),
    ("full-width time", ONE, NOON, ["1", "早上８点半", "1"], [taken("l1", "2026-11-04 08:30", "told")]),
    (
        "wrong echo",
        ONE,
        NOON,
        ["1", "早上9点", "不对", "早上8点半", "对"],
        [taken("l1", "2026-11-04 08:30", "told")],
    ),
    ("time and act in one", ONE, NOON, ["早上八点半吃了", "对"], [taken("l1", "2026-11-04 08:30", "told")]),
    ("one of two readings", ONE, NIGHT, ["1", "8点", "tap:t1"], [taken("l1", DUE, "told")]),
    ("the other reading by number", ONE, NIGHT, ["1", "8点", "2"], [taken("l1", "2026-11-04 20:00", "told")]),
    (
        "a clearer time instead",
        ONE,
        NIGHT,
        ["1", "8点", "晚上8点", "1"],
        [taken("l1", "2026-11-04 20:00", "told")],
    ),
    (
        "before it was due",
        ONE,
        "2026-11-04 07:30",
        ["吃了", "刚刚"],
        [taken("l1", "2026-11-04 07:30", "now")],
    ),
    ("nobody tells when", ONE, NOON, ["tap:taken", "silence"], [DoseReported("l1", "taken")]),
    ("nobody confirms when", ONE, NOON, ["tap:taken", "早上9点", "silence"], [DoseReported("l1", "taken")]),
    # -- not taken, and why
    ("forgot", ONE, ON_TIME, ["tap:not_taken", "tap:forgot"], [not_taken("l1", "forgot")]),
    ("forgot at once", ONE, ON_TIME, ["忘了"], [not_taken("l1", "forgot")]),
    ("by numbers", ONE, ON_TIME, ["3", "1"], [not_taken("l1", "forgot")]),
    ("words", ONE, ON_TIME, ["还没吃", "忘记了"], [not_taken("l1", "forgot")]),
    (
        "felt ill",
        ONE,
        ON_TIME,
        ["没吃", "不舒服"],
        [not_taken("l1", "ill"), StaffWanted("", "ill"), SymptomsWanted("dose")],
    ),
    (
        "felt ill, by number",
        ONE,
        ON_TIME,
        ["3", "2"],
        [not_taken("l1", "ill"), StaffWanted("", "ill"), SymptomsWanted("dose")],
    ),
    (
        "too ill for the first of two: the check waits for the second",
        TWO,
        ON_TIME,
        ["没吃", "2", "没吃", "1"],
        [
            not_taken("i1", "ill"),
            StaffWanted("", "ill"),
            not_taken("l1", "forgot"),
            SymptomsWanted("dose"),
        ],
    ),
    (
        "told to stop",
        ONE,
        ON_TIME,
        ["没吃", "医生让停了"],
        [not_taken("l1", "told_to_stop"), HoldClaimed("l1", "lenalidomide")],
    ),
    (
        "told to stop at once",
        ONE,
        ON_TIME,
        ["医生让我停药了"],
        [not_taken("l1", "told_to_stop"), HoldClaimed("l1", "lenalidomide")],
    ),
    (
        "no medicine",
        ONE,
        ON_TIME,
        ["没吃", "tap:no_medicine"],
        [not_taken("l1", "no_medicine"), StaffWanted("", "no_medicine")],
    ),
    (
        "other, written",
        ONE,
        ON_TIME,
        ["没吃", "其他", "在外面，药在家里"],
        [not_taken("l1", "other", "在外面，药在家里"), StaffWanted("在外面，药在家里", "other")],
    ),
    ("other, skipped", ONE, ON_TIME, ["没吃", "其他", "tap:skip"], [not_taken("l1", "other")]),
    (
        "own words at once",
        ONE,
        ON_TIME,
        ["没吃", "今天去化验，空着肚子"],
        [not_taken("l1", "other", "今天去化验，空着肚子"), StaffWanted("今天去化验，空着肚子", "other")],
    ),
    ("no reason any more", ONE, ON_TIME, ["没吃", "silence"], [not_taken("l1", None)]),
    # -- later
    ("later", ONE, ON_TIME, ["tap:later"], [DoseDeferred("l1")]),
    ("later in words", ONE, ON_TIME, ["等一会儿"], [DoseDeferred("l1")]),
    ("silence says nothing", ONE, ON_TIME, ["silence"], []),
    # -- two drugs
    (
        "two taps",
        TWO,
        ON_TIME,
        ["tap:taken", "tap:taken"],
        [taken("i1", ON_TIME, "now"), taken("l1", ON_TIME, "now")],
    ),
    (
        "all taken",
        TWO,
        ON_TIME,
        ["tap:all_taken"],
        [taken("i1", ON_TIME, "now"), taken("l1", ON_TIME, "now")],
    ),
    (
        "both in words",
        TWO,
        ON_TIME,
        ["两种都吃了"],
        [taken("i1", ON_TIME, "now"), taken("l1", ON_TIME, "now")],
    ),
    ("both by number", TWO, ON_TIME, ["4"], [taken("i1", ON_TIME, "now"), taken("l1", ON_TIME, "now")]),
    (
        "one and not the other",
        TWO,
        ON_TIME,
        ["1", "3", "1"],
        [taken("i1", ON_TIME, "now"), not_taken("l1", "forgot")],
    ),
    ("one later", TWO, ON_TIME, ["晚点", "吃了"], [DoseDeferred("i1"), taken("l1", ON_TIME, "now")]),
    ("both later", TWO, ON_TIME, ["晚点", "晚点"], [DoseDeferred("i1"), DoseDeferred("l1")]),
    (
        "all taken, long ago, together",
        TWO,
        NOON,
        ["都吃了", "早上9点", "对", "tap:same"],
        [taken("i1", "2026-11-04 09:00", "told"), taken("l1", "2026-11-04 09:00", "told")],
    ),
    (
        "silence keeps the first",
        TWO,
        ON_TIME,
        ["tap:taken", "silence"],
        [taken("i1", ON_TIME, "now")],
    ),
    ("silence keeps what all means", TWO, NOON, ["tap:all_taken", "silence"], [DoseReported("i1", "taken")]),
    # -- the day after
    ("did, yes", DID, NEXT_DAY, ["吃了", "按时吃的"], [taken("l1", DUE, "as_planned")]),
    ("did, no", DID, NEXT_DAY, ["没吃", "忘了"], [not_taken("l1", "forgot")]),
    ("did, cannot say", DID, NEXT_DAY, ["不记得了"], []),
    ("did, both said of one", DID, NEXT_DAY, ["都吃了", "2"], [taken("l1", DUE, "as_planned")]),
    (
        "did, all of two",
        DID_TWO,
        NEXT_DAY,
        ["都吃了", "2", "2"],
        [taken("i1", DUE, "as_planned"), taken("l1", DUE, "as_planned")],
    ),
    # -- a stop that the site has not confirmed
    ("held, taken", HELD, ON_TIME, ["吃了", "现在"], [taken("l1", ON_TIME, "now")]),
    ("held, not taken", HELD, ON_TIME, ["没吃"], [not_taken("l1", "told_to_stop")]),
    ("held, said again", HELD, ON_TIME, ["停药了"], [not_taken("l1", "told_to_stop")]),
    (
        "held and due",
        MIXED,
        ON_TIME,
        ["没吃", "吃了"],
        [not_taken("i1", "told_to_stop"), taken("l1", ON_TIME, "now")],
    ),
]


@pytest.mark.parametrize(("name", "doses", "now", "lines", "notes"), CASES, ids=[case[0] for case in CASES])
def test_what_is_recorded(name: str, doses: Doses, now: str, lines: list[str], notes: list[Note]) -> None:
    talk = begun(doses, now)
    for line in lines:
        talk.hear(line)
    assert [note for note in talk.notes if not is_claim(note)] == notes
    assert talk.step == "end"


def is_claim(note: Note) -> bool:
    return isinstance(note, DoseReported) and note.claim


CLAIMS: list[tuple[str, Doses, str, list[str], list[tuple[str, str]]]] = [
    ("taken, when is asked", ONE, NOON, ["吃了"], [("l1", "taken")]),
    ("taken early", ONE, "2026-11-04 07:30", ["tap:taken"], [("l1", "taken")]),
    ("taken now: nothing is left to ask", ONE, ON_TIME, ["吃了"], []),
    ("not taken, why is asked", ONE, ON_TIME, ["3"], [("l1", "not_taken")]),
    ("the reason said at once", ONE, ON_TIME, ["忘了"], []),
    ("the day after", DID, NEXT_DAY, ["tap:not_taken"], [("l1", "not_taken")]),
    ("held, taken", HELD, ON_TIME, ["tap:taken"], [("l1", "taken")]),
    ("an hour that is not clear", ONE, NIGHT, ["晚上12点吃的"], [("l1", "taken")]),
    ("all of two", TWO, NOON, ["tap:all_taken"], [("i1", "taken"), ("i1", "taken"), ("l1", "taken")]),
    (
        "all that are left of three",
        THREE,
        NEXT_DAY,
        ["tap:not_taken", "tap:forgot", "tap:all_taken"],
        [("i1", "not_taken"), ("l1", "taken"), ("l1", "taken"), ("l2", "taken")],
    ),
    ("the second of two", TWO, ON_TIME, ["tap:taken", "tap:not_taken"], [("l1", "not_taken")]),
]


@pytest.mark.parametrize(("name", "doses", "now", "lines", "claims"), CLAIMS, ids=[one[0] for one in CLAIMS])
def test_what_was_tapped_is_told_before_the_next_question(
    name: str, doses: Doses, now: str, lines: list[str], claims: list[tuple[str, str]]
) -> None:
    talk = begun(doses, now)
    for line in lines:
        talk.hear(line)
    assert talk.step != "end" or not claims
    told = [note for note in talk.notes if isinstance(note, DoseReported) and note.claim]
    assert [(note.dose_id, note.status) for note in told] == claims
