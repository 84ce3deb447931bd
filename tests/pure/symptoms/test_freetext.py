"""Properties of the danger scan that hold whatever the words are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.symptoms.danger import Danger, parse_danger
from bot.symptoms.freetext import URGENCIES, lexicon, read, scan
from bot.symptoms.symptom_words import CODES, parse_symptom_words

RULES = Path(__file__).parents[3] / "bot" / "symptoms" / "rules"
LEXICON = parse_danger((RULES / "danger.toml").read_text(encoding="utf-8"), "danger.toml")
SYMPTOMS = parse_symptom_words((RULES / "symptoms.toml").read_text(encoding="utf-8"), "symptoms.toml")
WORDS = lexicon(LEXICON, SYMPTOMS)
SPLINTERS = [
    "没有",
    "没",
    "不",
    "发烧",
    "38",
    "度5",
    "胸",
    "疼",
    "哆嗦",
    "拉了",
    "七八",
    "回",
    "，",
    "。",
    "、",
    " ",
    "如果",
    "吗",
    "？",
]
TEXTS = st.one_of(st.text(max_size=4096), st.lists(st.sampled_from(SPLINTERS), max_size=60).map("".join))


def found(text: str) -> dict[str, str]:
    return {danger.rule_id: danger.certainty for danger in scan(text, LEXICON)}


def test_what_is_reported() -> None:
    assert scan("我爸胸口疼", LEXICON) == (Danger("chest_pain", 5, "emergency", "stated", "胸口疼"),)


def test_what_must_be_acted_on_first_comes_first() -> None:
    dangers = scan("没有胸痛，去年得过带状疱疹，现在发烧38度5，还便血", LEXICON)
    order = [(danger.certainty, danger.tier) for danger in dangers]
    assert order == [
        ("stated", "emergency"),
        ("stated", "urgent"),
        ("stated", "urgent"),
        ("doubtful", "emergency"),
        ("doubtful", "urgent"),
    ]


@pytest.mark.parametrize(
    ("text", "rule", "certainty"),
    [
        ("上个月胸痛过，现在又胸痛了", "chest_pain", "stated"),
        ("没有发烧，昨天发烧了", "fever_named", "stated"),
        ("没有发烧胸痛", "chest_pain", "stated"),  # no joiner: only the fever is denied
        ("没有发烧、胸痛", "chest_pain", "doubtful"),
        ("睡不着胸痛", "chest_pain", "stated"),
        ("疼得受不了想死", "self_harm", "stated"),
        ("没想到突然胸痛", "chest_pain", "stated"),
        ("特别胸痛", "chest_pain", "stated"),
        ("可能中风了", "stroke_signs", "stated"),
        ("主要是胸痛", "chest_pain", "stated"),
        ("要是胸痛", "chest_pain", "doubtful"),
        ("从上个月开始胸痛", "chest_pain", "stated"),
        ("胸痛没有减轻", "chest_pain", "stated"),
        ("胸痛好多了", "chest_pain", "stated"),  # better is not over
        ("胸痛好了，又疼起来", "chest_pain", "stated"),
        ("胸痛好了", "chest_pain", "doubtful"),
        ("晕倒了，现在好了", "fainting", "stated"),  # a faint that is over is still a faint
        ("邻居说我嘴歪了", "stroke_signs", "stated"),
        ("邻居嘴歪了", "stroke_signs", "doubtful"),
        ("儿子上班去了，胸口疼", "chest_pain", "stated"),
        ("胸痛怎么办", "chest_pain", "stated"),
        ("会胸痛吗", "chest_pain", "doubtful"),
        ("两粒药都吃了，伊沙佐米和来那度胺各一粒", "ixazomib_extra", ""),
        ("来那度胺多吃了一粒", "unnamed_extra", ""),  # named: the rule of that drug answers
        ("体温38度5", "fever_measured", "stated"),
        ("体温三十八度", "fever_measured", "stated"),
        ("体温37度9", "fever_measured", ""),
        ("腋下37度7", "fever_armpit", "stated"),
        ("腋下37度6", "fever_armpit", ""),
        ("口温37度8", "fever_armpit", ""),
        ("一天拉了六次", "diarrhoea_many", ""),
        ("一天拉了七次", "diarrhoea_many", "stated"),
        ("吐了两次", "vomiting_many", ""),
        ("吐了三次", "vomiting_many", "stated"),
        ("鼻子流血19分钟", "bleeding_unstopped", ""),
        ("鼻子流血20分钟", "bleeding_unstopped", "stated"),
        ("上个月刚出院，吐血了", "vomiting_blood", "stated"),
        ("上个月住院时吐血了", "vomiting_blood", "doubtful"),
        ("上个月住院，吐血，后来好了", "vomiting_blood", "doubtful"),
        ("以前没这毛病，吐血了", "vomiting_blood", "stated"),
        ("去年摔了，头破了", "head_injury", "doubtful"),
        ("医生上次说我粒细胞缺乏，现在发烧38度3", "fever_low_counts", "stated"),
        ("在邻居家吃饭，吐血了", "vomiting_blood", "stated"),
        ("邻居家的老头吐血了", "vomiting_blood", "doubtful"),
        ("跟老同事打牌，突然晕倒了", "fainting", "stated"),
        ("跟老同事打牌，他晕倒了", "fainting", "doubtful"),
        ("带孙子的时候胸口疼", "chest_pain", "stated"),
        ("孙子胸口疼", "chest_pain", "doubtful"),
        ("看着电视突然看不见了", "sight_lost", "stated"),
        ("电视上说突然看不见了是中风", "sight_lost", "doubtful"),
        ("今天气短得说不了话", "breathless", "stated"),
        ("奶奶头突然像炸了一样疼", "worst_headache", "stated"),
        ("天气热，体温38度6", "fever_measured", "stated"),
        ("天气热，外面38度6", "fever_measured", ""),
        ("突然手就抬不起来了", "sudden_loss", "stated"),
        ("手机突然动不了", "sudden_loss", ""),
    ],
)
def test_grammar_and_thresholds(text: str, rule: str, certainty: str) -> None:
    assert found(text).get(rule, "") == certainty


@settings(deadline=None)
@given(TEXTS)
def test_a_plain_statement_is_heard_whatever_else_is_written(text: str) -> None:
    assert found(f"{text}\n我现在胸口疼。")["chest_pain"] == "stated"
    assert found(f"我现在胸口疼。\n{text}")["chest_pain"] == "stated"


@settings(deadline=None)
@given(TEXTS)
def test_each_rule_once_and_in_order(text: str) -> None:
    dangers = scan(text, LEXICON)
    assert len({danger.rule_id for danger in dangers}) == len(dangers)
    assert [danger.certainty for danger in dangers] == sorted((d.certainty for d in dangers), reverse=True)


def test_whoever_repeats_a_denial_for_ever_is_heard() -> None:
    assert found("没胸痛" * 1300)["chest_pain"] == "stated"


@settings(deadline=None)
@given(TEXTS)
def test_reading_is_never_milder_than_the_danger_in_it(text: str) -> None:
    heard = read(text, WORDS)
    stated = [danger.tier for danger in scan(text, LEXICON) if danger.certainty == "stated"]
    assert all(URGENCIES.index(heard.urgency) <= URGENCIES.index(tier) for tier in stated)
    assert set(heard.codes) <= CODES


@settings(deadline=None)
@given(st.text(max_size=4096))
def test_any_text_can_be_read(text: str) -> None:
    assert read(text, WORDS).urgency in URGENCIES


@pytest.mark.parametrize(
    ("text", "codes", "urgency"),
    [
        ("没有发烧", "", "none"),
        ("没有发烧，咳嗽", "cough", "routine"),
        ("没有发烧咳嗽", "", "none"),  # as people speak: both are denied
        ("没发烧 拉肚子", "diarrhea", "routine"),  # a blank after a whole denial ends it
        ("没有 发烧", "", "none"),
        ("手不麻了，脚还有一点点麻", "neuropathy_sensory", "routine"),
        ("咳嗽好多了", "cough", "routine"),
        ("咳嗽全好了", "", "none"),
        ("半年前咳嗽过", "", "none"),
        ("前天咳嗽过", "cough", "routine"),
        ("如果晚上咳嗽，又睡不着，怎么办", "", "none"),
        ("老伴咳嗽，会传染我吗", "", "none"),
        ("老伴今天咳嗽", "cough", "routine"),  # who may be the patient counts as the patient
        ("我姐姐咳嗽", "", "none"),
        ("她膝盖疼，不是我", "joint_pain", "routine"),  # of whom, nobody can know
        ("我老伴说她膝盖疼，不是我", "", "none"),
        ("体温37度8", "fever", "urgent"),
        ("口温37度8", "fever", "routine"),
        ("体温36度8", "", "none"),
        ("低烧37度4", "fever", "routine"),
        ("拉了六次", "diarrhea", "routine"),
        ("拉了七次", "diarrhea", "urgent"),
        ("吐了一次，一天没尿了", "oliguria,vomiting", "emergency"),  # each alone is less
        ("便秘，吐了，肚子疼", "abdominal_pain,constipation,vomiting", "urgent"),
        ("右腿肿了", "dvt_signs", "urgent"),  # hides the swelling that is part of it
        ("发骚38度6", "fever", "urgent"),
        ("發燒三十八度六", "fever", "urgent"),
        ("ｆａｓｈａｏ ３８．６", "fever", "urgent"),
        ("恶性肿瘤", "", "none"),  # sounds like 恶心, and is a word of its own
    ],
)
def test_what_is_read(text: str, codes: str, urgency: str) -> None:
    heard = read(text, WORDS)
    assert (",".join(heard.codes), heard.urgency) == (codes, urgency)


def test_what_is_residual_or_doubtful_says_so() -> None:
    found = {one.code: one.certainty for one in read("没有发烧，腿还有点肿，头晕", WORDS).symptoms}
    assert found == {"fever": "doubtful", "edema_limb": "residual", "dizziness": "stated"}
    assert read("还有一点糊涂，不知道自己在哪", WORDS).urgency == "emergency", (
        "what is left of danger is danger"
    )
    assert read("还有一点没尿，从昨晚到现在没小便", WORDS).urgency == "emergency"


def test_the_cause_of_an_urgency_is_named() -> None:
    assert read("小便刺痛", WORDS).rule == "urine_hurts@2"
    assert read("胸口疼", WORDS).rule == "chest_pain@5"
    assert read("你好", WORDS).rule == ""
