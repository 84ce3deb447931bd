"""The lint of everything that patients read: complete, polite, neutral on lock screens, no advice of its own.

The word lists are the ethics committee's concern: a word is taken from a list here only with their consent.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from bot.wording import check_catalogues, load_wording, placeholders, read_catalogue
from tests.pure.dialogue.talk import names, script_of
from tests.pure.symptoms.shipped import TRIAGE, WEEKLY

LOCALES = Path(__file__).parents[2] / "locales"
WORDING = load_wording(LOCALES)
LANGUAGES = ("zh_Hans_CN", "en")
PATIENT = {
    language: {
        text_id: text
        for name in ("patient.po", "symptoms.po")
        for text_id, text in read_catalogue(LOCALES / language / "LC_MESSAGES" / name)
    }
    for language in LANGUAGES
}
ZH, EN = PATIENT["zh_Hans_CN"], PATIENT["en"]
PUSH = {text_id for text_id in ZH if text_id.startswith("push.")}

# Ids that services say by themselves; a script's own ids come from the scripts.
SERVICE_IDS = re.findall(
    r"\S+",
    """
push.line push.view push.open_page push.reminder_again repeat.mark menu.text menu.today
menu.calendar menu.correct menu.nurse menu.help menu.stop menu.resume today.none today.head
today.line.due today.line.taken today.line.not_taken today.line.held today.line.waiting
calendar.head calendar.line calendar.next calendar.unconfirmed calendar.none calendar.rest
drug.ixazomib drug.lenalidomide drug.two dose.mg study.nct04217967.title advice.food.ixazomib
advice.food.lenalidomide late.take.ixazomib late.skip.ixazomib late.ask_site.ixazomib
late.take.lenalidomide late.skip.lenalidomide help.text reply.already_recorded reply.stale
reply.answered_elsewhere reply.media reply.sticker reply.group_refused reply.unknown
reply.not_linked reply.paused reply.ended reply.no_consent reply.not_recording reply.parked reply.edited reply.use_page
danger.emergency danger.emergency_no_site danger.urgent danger.ask danger.denied recorded.taken
recorded.not_taken recorded.later recorded.hold_claimed reason.forgot reason.ill reason.told_to_stop
reason.no_medicine reason.other quiet.deferred contact.rebound menu.report choice.reported
push.settled push.over question.past question.changed reply.already_answered
reply.edited_relayed reply.no_telegram reply.channel_off reply.ended.death link.first dose.nothing_open
dose.today_recorded advice.vomited told.passed_on question.how question.missed amount.ask amount.ask_only
question.nothing_missed question.together question.tail question.passed_on advice.double unplanned.hello
visit.blood visit.clinic visit.pregnancy_test visit.contraception calendar.beside calendar.beside.legend
interactions.first interactions.ask correct.was.unanswered settled.both question.closed welcome.first danger.urgent_no_site
""",
)
WORDING_IDS = re.compile(r"(clock|moment)\.")

PLACEHOLDERS = {
    "today.none": {"date"}, "today.head": {"date"}, "today.line.due": {"drug", "dose", "time"},
    "today.line.taken": {"drug", "dose", "time"}, "today.line.not_taken": {"drug", "dose"},
    "today.line.held": {"drug"}, "today.line.waiting": {"drug", "dose", "time"},
    "calendar.head": {"cycle", "start", "end"}, "calendar.line": {"date", "drugs"},
    "calendar.beside": {"date", "drug"},
    "calendar.next": {"cycle", "start"}, "dose.mg": {"drug", "mg"},
    "late.ask_site.ixazomib": {"site_phone"}, "late.skip.lenalidomide": {"site_phone"},
    "late.take.ixazomib": set(), "late.skip.ixazomib": set(), "late.take.lenalidomide": set(),
    "help.text": {"site_phone"}, "reply.already_recorded": {"what"}, "reply.answered_elsewhere": {"what"},
    "reply.media": {"site_phone"}, "reply.ended": {"site_phone"}, "reply.no_consent": {"site_phone"},
    "reply.not_recording": {"site_phone"}, "reply.parked": {"site_phone"}, "reply.stale": set(),
    "reply.unknown": set(), "reply.edited": set(),
    "danger.emergency": {"site_phone"}, "danger.emergency_no_site": set(), "danger.urgent": {"site_phone"},
    "danger.ask": {"site_phone"}, "danger.denied": {"site_phone"},
    "recorded.taken": {"drug", "time"}, "recorded.not_taken": {"drug"}, "recorded.later": {"drug"},
    "recorded.hold_claimed": {"drug"},
}  # fmt: skip


# -- complete


def test_the_catalogues_have_no_fault() -> None:
    used = {text_id for name in names() for text_id in script_of(name).text_ids()}
    faults = check_catalogues(LOCALES, used)
    assert [
        fault for fault in faults if "patient.po" in fault or "stands in" in fault or "used" in fault
    ] == []


def test_both_languages_have_the_same_ids_and_values() -> None:
    assert set(ZH) == set(EN)
    for text_id, text in ZH.items():
        assert placeholders(text) == placeholders(EN[text_id]), text_id


def test_every_text_is_used_by_a_script_or_a_service() -> None:
    said = {text_id for name in names() for text_id in script_of(name).text_ids()}
    families = tuple(family for name in names() for family in script_of(name).text_families())
    unused = set(ZH) - said - set(SERVICE_IDS) - WEEKLY.text_ids() - TRIAGE.text_ids()
    assert {one for one in unused if not one.startswith(families) and not WORDING_IDS.match(one)} == set()


def test_every_service_text_is_there_with_its_values() -> None:
    assert set(SERVICE_IDS) <= set(ZH)
    found = {text_id: placeholders(ZH[text_id]) for text_id in SERVICE_IDS}
    assert {text_id: PLACEHOLDERS.get(text_id, values) for text_id, values in found.items()} == found


@pytest.mark.parametrize("name", names())
def test_a_script_gives_its_texts_all_the_values_they_need(name: str) -> None:
    for text_id, given in script_of(name).text_uses():
        assert placeholders(ZH[text_id]) <= given, f"{name}: {text_id}"


@pytest.mark.parametrize("name", names())
def test_a_family_of_texts_has_members(name: str) -> None:
    for family in script_of(name).text_families():
        assert any(text_id.startswith(family) for text_id in ZH), family


# -- neutral where everybody can read it

NEVER_IN_A_PUSH = re.findall(
    r"\S+",
    """
骨髓瘤 肿瘤 癌 血液 瘤 病 伊沙佐米 来那度胺 硼替佐米 地塞米松 达雷妥尤 恩莱瑞 瑞复美 化疗 药
胶囊 吃了 服 漏 忘 没吃 错过 未 发烧 发热 疼 痛 腹泻 拉肚子 麻 皮疹 恶心 吐 出血 血 感染
乏力 症状 不舒服 级 化验 复查 医院 科 医生 护士 研究 试验 患者 病人 编号 姓名 NCT
myeloma cancer tumour tumor ixazomib lenalidomide
medicine dose drug pill capsule missed forgot symptom
fever pain hospital doctor nurse study trial patient
treatment
""",
)


@pytest.mark.parametrize("text_id", sorted(PUSH))
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_push_is_neutral(text_id: str, language: str) -> None:
    text = PATIENT[language][text_id].casefold()
    assert [word for word in NEVER_IN_A_PUSH if word.casefold() in text] == []
    assert placeholders(text) == set(), "a value could carry what the text may not say"
    assert "\n" not in text


def test_a_push_is_one_short_line() -> None:
    assert len(ZH["push.line"]) <= 30
    assert len(ZH["push.view"]) <= 4


# -- no advice of its own

ADVICE = re.compile(
    "补吃|补服|加倍|双份|两份|多吃|少吃|减量|加量|减半|停药|先不吃|不用吃|别吃|不要吃|再吃|可以吃|跳过|整粒"
    "|饭前|饭后|吃饭前|吃完饭|double|skip|leave out|make up|still take|extra|reduce|do not take|stop taking"
    "|before food|with food|swallow",
    re.IGNORECASE,
)
FIXED_TEXTS = re.compile(r"(late|advice)\.")
# Not advice: "on hold by your doctor" repeats what staff have entered; Skip is a button for writing nothing.
ALSO_ALLOWED = {"today.line.held", "choice.skip", "dose.why.other"}


def test_only_the_studys_fixed_texts_say_how_to_take_a_medicine() -> None:
    others = [one for one in sorted(ZH) if not FIXED_TEXTS.match(one) and one not in ALSO_ALLOWED]
    for language in LANGUAGES:
        assert [one for one in others if ADVICE.search(PATIENT[language][one])] == [], language


@pytest.mark.parametrize("text_id", sorted(text_id for text_id in ZH if text_id.startswith("late.")))
def test_a_late_text_never_doubles_and_keeps_the_day(text_id: str) -> None:
    assert "双份" in ZH[text_id]
    assert "never" in EN[text_id]
    assert "明天" not in ZH[text_id], (
        "lenalidomide is every other day: the next dose is never simply tomorrow"
    )
    if not text_id.startswith("late.ask_site"):
        assert re.search("原来的日子|日历上的日子", ZH[text_id])


def test_food_advice_is_the_labels() -> None:
    assert re.search("饭前至少1小时.*饭至少2小时", ZH["advice.food.ixazomib"])
    assert "饭前饭后都可以" in ZH["advice.food.lenalidomide"]


# -- a kind nurse speaking to a parent

FORBIDDEN = {
    "reassurance": "正常 没事 不要紧 放心 没关系 别担心 不用担心 不必担心 安全的 无害 没有问题 没问题"
    " normal harmless don't.worry do.not.worry no.problem nothing.to.worry",
    "command": "请勿 必须 违反 务必 禁止 严禁 不得 应当 must.not violat forbidden obey",
    "blame": "漏服 漏吃 不按时 不听 怎么没 为什么没 错过了 依从"
    " you.should.have you.failed missed adherence complian",
    "praise": "真棒 很棒 太好了 真好 做得好 加油 厉害 well.done great.job good.job excellent congratulations",
    "grade": "[一二三四1-4]级 分级 毒性 grade toxicity",
    "familiar": "你",
    "loud": "[!！]",
    "disease": "骨髓瘤 肿瘤 癌 myeloma cancer tumou?r",
    "written words": "(?<!口)服药 用药时间 服用 患者 受试者",
}


@pytest.mark.parametrize("kind", sorted(FORBIDDEN))
def test_words_that_never_reach_a_patient(kind: str) -> None:
    for language in LANGUAGES:
        found = {
            one: match.group()
            for one, text in PATIENT[language].items()
            if (match := re.search(FORBIDDEN[kind].replace(" ", "|"), text, re.I))
        }
        assert found == {}, language


def test_the_phone_page_says_none_of_it_either() -> None:
    """Its own texts are buttons and hints: the same words are out of place there, and advice on doses more than anywhere."""
    for language in LANGUAGES:
        page = dict(read_catalogue(LOCALES / language / "LC_MESSAGES" / "page.po"))
        for text_id, text in page.items():
            for kind in ("grade", "disease", "blame", "reassurance"):
                assert not re.search(FORBIDDEN[kind].replace(" ", "|"), text, re.I), (text_id, kind)
            assert not ADVICE.search(text), text_id


def test_no_pictures_stand_for_words() -> None:
    for language in LANGUAGES:
        for text_id, text in PATIENT[language].items():
            signs = {sign for sign in text if unicodedata.category(sign) in ("So", "Sk", "Cs", "Co", "Cn")}
            assert signs == set(), text_id


def test_the_person_is_addressed_politely() -> None:
    assert sum("您" in text for text in ZH.values()) > 40


def test_sentences_are_short() -> None:
    for text_id, text in ZH.items():
        for sentence in re.split(r"[。？\n；]", text):
            assert len(sentence) <= 60, f"{text_id}: {sentence}"


def test_buttons_are_short() -> None:
    for text_id, text in ZH.items():
        if (
            text_id.startswith(("choice.", "menu.", "reason.", "push.view", "push.open"))
            and text_id != "menu.text"
        ):
            assert placeholders(text) or len(text) <= 8, text_id


# -- help is always named

NAMES_120 = re.findall(
    r"\S+",
    """
danger.emergency danger.emergency_no_site danger.urgent danger.ask danger.ask.again danger.denied
reply.media reply.parked reply.ended reply.no_consent reply.not_recording help.text nurse.ask nurse.passed_on dose.ill
dose.relayed welcome.limits symptom.emergency symptom.urgent symptom.thanks
""",
)


@pytest.mark.parametrize("text_id", NAMES_120)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_emergency_number_is_named(text_id: str, language: str) -> None:
    text = PATIENT[language][text_id]
    assert "120" in text
    assert "{site_phone}" in text or text_id == "danger.emergency_no_site"


@pytest.mark.parametrize(
    "text_id",
    [
        "danger.emergency",
        "danger.emergency_no_site",
        "danger.urgent",
        "help.text",
        "symptom.emergency",
        "symptom.urgent",
    ],
)
def test_it_says_that_nobody_watches_around_the_clock(text_id: str) -> None:
    assert "不是24小时有人看着" in ZH[text_id]
    assert "around the clock" in EN[text_id]


def test_the_emergency_text_begins_with_the_number() -> None:
    assert "120" in ZH["danger.emergency"].splitlines()[0]


def test_stopping_messages_is_not_stopping_medicines() -> None:
    for text_id in ("stop.medicines", "stop.left"):
        assert "药和研究都照旧" in ZH[text_id]
    assert "医生" in ZH["stop.medicines"]
    assert "医生" in ZH["stop.paused"]


def test_the_consent_for_telegram_says_what_the_law_asks() -> None:
    for part in ("Telegram Messenger Inc.", "境外", "端到端加密", "撤回", "网页", "单独"):
        assert part in ZH["welcome.abroad"]
    for part in ("敏感", "撤回", "研究团队"):
        assert part in ZH["welcome.health_data"]
