"""Denials: 没有发烧, 不怎么疼, 没有发烧、咳嗽和胸痛, 胸痛都没有, no chest pain.

A denial counts only when it reaches the danger word through words that carry it. 睡不着胸痛 denies nothing,
and 没有发烧胸痛 denies the fever alone.
"""

from __future__ import annotations

import re

_STEPS = 12

_NO_DENIAL = re.compile(
    r"(?:是不是|要不|好不|不得不|没想到|没料到|想不到|(?<!能)不能|没能|差不"
    r"|[行走站坐躺睡困吃喝尿屙解喘拿抬举迈咽企]不)$"
)
"""走不到, 屙不出: what cannot be done denies nothing of what is told next."""
_DENIER = re.compile(
    r"(?:没有|没|不|无|未|(?<![特个分])别|(?<!不)当心|提防|警惕|防止|预防|避免|以防|(?<![可恐])怕|担心|低于|不足"
    r"|什么是|什么叫|(?<!打)算|(?<!可)能|可以|应该|打算|准备|引起|导致|造成|诱发"
    r"|\bno|\bnot|\bwithout|n't|\bnever|\bden(?:y|ies|ied)|\bcauses?|\bavoid|\bprevent)$"
)
_CARRIERS = re.compile(
    r"(?:有|出现|再|怎么|什么|觉得|感觉到?|感到|发生|发现|过|明显的?|任何|太|特别|很|烧到|体温|超过|高于|到|见|看到|看见"
    r"|那么|这么|咋|大|起|流|长|冒|打|发|直|想|要|会|敢|(?<=不)用|(?<=[没怕])得|(?<=没有)得|(?<=担心)得"
    r"|\b(?:any|a|an|have|having|had|has|been|feel|feeling|the|more|longer)| )$"
)
_JOINER = re.compile(r"(?:、|/|和|或者|或|以及|及|跟|与|还有|\bor|\band|\bnor) ?$")
_COMPLAINT = re.compile(
    r"(?:发烧|发热|高烧|低烧|寒战|发冷|怕冷|咳嗽|咳痰|咳血|气喘|气短|喘|胸闷|胸痛|胸口疼|心慌|头晕|头疼|头痛|头昏"
    r"|恶心|呕吐|吐血|吐|腹泻|拉肚子|拉稀|便秘|腹痛|肚子疼|便血|黑便|出血|流血|流鼻血|淤青|青紫|皮疹|起疹子|疹子|瘙痒"
    r"|痒|水泡|浮肿|水肿|肿|麻木|手麻|脚麻|麻|没劲|乏力|无力|疼|痛|不舒服|晕倒|昏倒|抽搐|呼吸困难|喘不上气"
    r"|fever|chills|cough|chest pain|bleeding|vomiting|nausea|diarrhea|diarrhoea|rash|headache|dizziness"
    r"|shortness of breath|pain) ?$"
)
_INSIDE = re.compile(
    r"(?:没有|没|不|无|未|\bno\b|\bnot\b)"
    r"(?:有|再|怎么|什么|啥|觉得|感到|出现|发生|那么|这么|咋|大|起|流|出|长|冒|打|会|要|想|太|很| )*$"
)
_AFTER = re.compile(
    r"(?:、[^,。、]{1,8})*?(?:什么的|啥的|这些|之类的?|等等?|的?(?:情况|症状|现象|感觉))?"
    r"(?:都|也|全|倒|是)*(?:没有|没出现|没发生|没|无)(?:出现|发生)?过?$"
)


def is_denied(before: str, *, run_on: bool = False) -> bool:
    """Walks back from the danger word over carriers and, before a joiner, other complaints, to a denial.

    `run_on`: without a joiner, too, as people speak (没有头晕头疼). Not for an emergency: 没有发烧胸痛 may say both.
    """
    for _ in range(_STEPS):
        if _NO_DENIAL.search(before):
            return False
        if _DENIER.search(before):
            return True
        joined = _JOINER.search(before)
        listed = (
            _COMPLAINT.search(before[: joined.start()] if joined else before) if joined or run_on else None
        )
        passed_over = listed or _CARRIERS.search(before)
        if not passed_over:
            return False
        before = before[: passed_over.start()]
    return False


def is_denied_after(tail: str) -> bool:
    """胸痛都没有; 胸痛、咳血什么的都没有. Not 胸痛没有减轻."""
    return bool(_AFTER.match(tail))


def is_denied_inside(gap: str) -> bool:
    """腿不肿: a denial between the words of one match, and in front of the last. Not 疼得睡不着觉还肿."""
    return bool(_INSIDE.search(gap))
