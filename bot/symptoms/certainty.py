"""Is a danger word meant of this person, now? Denied, past, supposed, asked and somebody else's are doubtful.

The bias is deliberate: only a clear sign makes a match doubtful, since a doubtful one is asked back
("is it happening now?") while a stated one is answered at once. Grammar stands here, danger words in the rules.
"""

from __future__ import annotations

import re

from bot.symptoms.denial import is_denied, is_denied_after, is_denied_inside
from bot.symptoms.passage import Passage
from bot.symptoms.pattern import Match
from bot.symptoms.word_rules import WordRule


def is_doubtful(passage: Passage, match: Match, rule: WordRule) -> bool:
    """True when something around the match says that it is not a statement about here and now."""
    text = passage.text
    clause = text[passage.clause_start(match.start) : match.start]
    sentence = text[passage.sentence_start(match.start) : match.start]
    end = passage.clause_end(match.end)
    matched, tail, stop = text[match.start : match.end], text[match.end : end], text[end : end + 1]
    following = text[end + (stop in (",", ":") and bool(stop)) : end + 16]
    return (
        any(is_denied_inside(text[start:stop_]) for start, stop_ in match.gaps)
        or is_denied(passage.said_before(match.start))
        or (rule.tier != "emergency" and is_denied(passage.breath(match.start), run_on=True))
        or is_denied_after(tail)
        or _is_past(sentence, matched, tail, text[match.end : match.end + 24], fresh=rule.tier == "emergency")
        or (not rule.event and (_is_over(matched, tail, following) or _is_over(matched, following, "")))
        or _is_supposed(clause, tail)
        or _is_asked(clause, tail, stop, general=rule.tier == "urgent" and not _MEASURED.search(matched))
        or _is_anothers(sentence, clause, tail)
        or _is_caught(clause, text[match.end : match.end + 24])
        or (rule.tier != "emergency" and _is_supposed_at_length(sentence, text[match.end : match.end + 24]))
    )


# Past: 上个月发过烧. An ongoing "since last month" is not past, and 上次查血 is what is known of the blood now.

_PAST = re.compile(
    r"上个?月|上上个?月|前几?个月|[前早头][几两些]年|去年|前年|往年|当年|那年|小时候|年轻(?:时|的时候)|上[次回](?![^,。]{0,3}(?:查|验|抽|血常规|复查))|那次|那回"
    r"|前段时间|(?<!眼)前阵子?|(?<!眼)前一阵|以往|曾经"
    r"|[0-9一二两三四五六七八九十几半好多]+个?(?:月|年)(?:之|以)?前|那会儿|那阵子|那时候|头几年|早些年|早年"
    r"|(?:^|[,:我他她你]|很久|好久|早)(?:以前|之前|从前|过去)"
    r"|(?:last|previous) (?:month|year)|(?:months?|years?) ago|\bused to|\bonce had|in the past|history of"
)
_STILL = re.compile(
    r"开始|起就|以来|到现在|至今|一直|现在|目前|今[天早晚儿日朝夜]|刚才|刚刚|又|还在|仍|这[次回下]|这一[次回]|这会儿?|昨[天晚夜儿]|前天|since|still|\bnow\b|today|again"
)
_WHAT_WAS_DONE = re.compile(
    r"出院|住院|手术|开刀|移植|化疗|放疗|确诊|查出|诊断|复查|体检|入组|化验|抽血|打疫苗|换药|搬家|退休"
)
"""上个月刚出院，吐血了: when something was done to somebody says nothing of what is told after it."""
_HAPPENED = re.compile(r"(?<!没)(?:血(?![压糖脂])|[摔晕昏烧疼痛瘫咳喘肿抽吐拉泻]|中风|脑梗|心梗|车祸|出事)")
"""去年摔了，头破了: what is told after it belongs to it."""
_OF_THEN = re.compile(
    r"(?<!不)过(?![来去敏量度多于后一几两半气了下不])|当时|那时|后来|那阵|那天|好了|抢救|走的|人没了"
)
"""去年中过风，嘴歪了好久，后来好了: told of that time as well."""
_OF_THE_BLOOD = re.compile(r"白细胞|白血球|粒细胞|中性粒|粒缺|血象|血像|骨髓抑制")
"""What was said of a blood count last time is what is known of it now."""
_PAST_AFTER = re.compile(
    r"[^,。]{0,4}?(?:去年|前年|以前|之前|上个?月|早|小时候)的事|的事[^,。]{0,3}(?:去年|前年|以前|上个?月)"
    r"| (?:last (?:month|year)|(?:a|two|three|few|several|[0-9]+) (?:months?|years?) ago)"
)
_ONCE_INSIDE = re.compile(r"[发烧得吃晕疼痛流咳出]过(?![来去敏量度])|吐过(?![一两三几0-9])")
_ONCE_AFTER = re.compile(r"过(?![来去敏量度多于后]|了?[一二两三几好半].{0,3}?(?:分|秒|会|小时|钟|阵))")
_NEVER_SO = re.compile(r"没有?(?:这么|这样|那么|像)")
"""从来没这么疼过 is said of today."""
_RECENT = re.compile(
    r"刚|今天|今早|今儿|今晚|昨天|昨儿|昨晚|昨夜|夜里|半夜|早上|上午|下午|中午|晚上|前天|大前天|前两天|前几天|这两天|这几天|最近"
    r"|这周|这个?星期|这礼拜|上周|上个?(?:星期|礼拜)|[0-9一二两三四五六几]天前|[0-9一二两三]个?(?:周|星期|礼拜)前"
    r"|today|yesterday|last night|this week|last week"
)


def _is_past(sentence: str, matched: str, tail: str, after: str, *, fresh: bool) -> bool:
    found = list(_PAST.finditer(sentence))
    rest = sentence[found[-1].end() :] if found else ""
    other = rest.partition(",")
    done = bool(other[1]) and (
        (
            bool(_WHAT_WAS_DONE.search(other[0]))
            or (fresh and ("也" in other[0] or not _HAPPENED.search(other[0])))
        )
        and not _OF_THEN.search(f"{other[2]} {after}")
    )
    if found and not done and not _STILL.search(rest + tail) and not _OF_THE_BLOOD.search(matched):
        return True
    never_so = _NEVER_SO.search(sentence + matched)
    once = not never_so and "没" not in matched and (_ONCE_AFTER.match(tail) or _ONCE_INSIDE.search(matched))
    return bool(_PAST_AFTER.match(tail)) or (bool(once) and not _RECENT.search(sentence + matched + tail))


# Over: 昨天发烧，今早退了. Not asked of events (a faint that is over is still a faint).

_OVER = re.compile(
    r"[了 ]*(?:现在|今天|今早|早上|后来|这会儿|目前|已经|早就?|都|就|也|全|完全|基本|慢慢|自己|然后|昨天|前天|很快)*"
    r"(?:长?好了(?![点些])|好利[索落]|愈合|痊愈|退烧了|退了|退下[来去]|止住了|止血了|停了(?!药)|没了|没有了|没事了|没事儿了|(?<!早上)(?<!早晨)(?<!第二天)消了(?!大半|一些|不少|点)|消失|解决了|正常了|没再|退热了"
    r"|过去了|缓过来了|缓解了|恢复|不(?:疼|痛|烧|流|拉|吐|喘|晕|昏|麻|肿|难受|闷|憋|抖|冷|咳|痒|抽|慌|恶心|出血|发烧|头晕|头疼|咳嗽|拉肚子|心慌)了"
    r"|(?:it )?(?:is |has )?(?:gone|better now|resolved|stopped|went away))"
)
_BACK_AGAIN = re.compile(r"又|没好|还|again")
_SOMETHING_ELSE = re.compile(
    r"(?:又|还)(?:开始|有点|有些|犯|闹|觉得)?"
    r"(便秘|拉肚子|拉稀|腹泻|恶心|呕吐|咳嗽|发烧|头晕|头疼|头痛|失眠|睡不着|没劲|没胃口|起疹子|流鼻涕|嗓子疼|腰疼)"
)
"""拉稀好了，又便秘: what came after is another complaint, and what was before is over."""


def _is_over(matched: str, words: str, following: str) -> bool:
    found = _OVER.match(words)
    if not found:
        return False
    rest = words[found.end() :] + following
    other = _SOMETHING_ELSE.search(rest)
    again = (
        rest[: other.start()] + rest[other.end() :] if other and not set(other[1]) & set(matched) else rest
    )
    return not _BACK_AGAIN.search(again)


# Supposed: 要是发烧了打哪个电话, 超过38度就来医院

_IF = re.compile(
    r"(?<![主重需])要是|如果|假如|假设|假使|万一|倘若|若是|若有|一旦|的话|会不会|可能会"
    r"|(?<!恐)怕(?:自己|他|她|我|老人)?(?:哪天|以后|将来|会)|说明书|药(?:袋|盒)上|写(?:着|了|的)?(?:是)?(?:可能)?会|网上|听说|电视剧?(?:上|里|中|说|讲|播|放|介绍|演)|新闻(?:上|里|中|说|讲|播|报)|书上|百度|(?<![看刷玩])抖音"
    r"|(?<!as )\bif\b|in case|\bmight\b|\bcould get\b|side effect"
)
_THE_CASE_THAT = re.compile(
    r"[^,。]{0,4}?(?:的话|(?:时|的时候)(?:该|应|要|怎|打|找)|以上(?:才|就|要|算)|才算|算不算|算(?:高烧|发烧))"
)
_THRESHOLD = re.compile(r"(?:超过|高于|达到|满)$")
_THEN = re.compile(r"(?:以上)?(?:的话)?(?:要|就|再|得|才|该|怎么|需要|应)")


def _is_supposed(clause: str, tail: str) -> bool:
    threshold = _THRESHOLD.search(clause) and _THEN.match(tail)
    return bool(threshold or _IF.search(clause) or _THE_CASE_THAT.match(tail))


_IF_AT_ALL = re.compile(r"要是|如果|假如|万一|倘若|若是|一旦|以后(?:要|如果)")
_WHAT_THEN = re.compile(
    r"怎么办|咋办|咋整|咋弄|怎么弄|怎么处理|打哪|找谁|要不要|能不能|该不该|该怎么|用不用|要停药|要去医院|能吃|要紧吗|吗$|吗\?|\?"
)


def _is_supposed_at_length(sentence: str, rest: str) -> bool:
    """要是半夜发烧，又咳嗽，该怎么办: the question at the end supposes all that stands before it."""
    return bool(_IF_AT_ALL.search(sentence) and _WHAT_THEN.search(rest))


# Asked: 会便血吗, 发烧能打疫苗吗. "What shall I do", 怎么办, is no such question: it follows a statement.

_ASKED = re.compile(r"[了的过啊呢]*(?:(?:吗|么)(?:吃?这个?药)?|没有|没|不)$")
_HOW_MUCH = re.compile(
    r"[了的到]*(?:多少度|几度|多少次|几次|多久|什么感觉|是什么样|是怎么(?!了|回事|搞|弄|个情况)|怎么预防|怎么防|怎么引起|跟.{1,6}有关系吗)"
)
_MAY_ONE = re.compile(r"(?:行不行|行吗|可不可以|可以吗|成吗|成不成|好不好)$")
_ASKED_BEFORE = re.compile(r"(?:会|算|多少|几|为什么)$")
_GENERAL = re.compile(r"(?:能|可以|要|多久|多少|为什么|是什么|几度|哪些|会)[^,。]*$")
_MEASURED = re.compile(r"[0-9度]")
_ENGLISH_QUESTION = re.compile(r" ?(?:does|do|can|could|will|would|is it|should|what|when|how)\b")
_ENGLISH_STATEMENT = re.compile(r"\b(?:i|he|she)(?:'m|'ve| am| is| have| has| had| can't)\b|\bmy\b")


def _is_asked(clause: str, tail: str, stop: str, *, general: bool) -> bool:
    ends_asking = stop == "?" or tail.endswith(("吗", "么", "呢"))
    if (
        _ASKED.match(tail)
        or _HOW_MUCH.match(tail)
        or _MAY_ONE.search(tail)
        or (ends_asking and _ASKED_BEFORE.search(clause))
    ):
        return True
    if stop == "?" and _ENGLISH_QUESTION.match(clause) and not _ENGLISH_STATEMENT.search(clause):
        return True
    return general and ends_asking and bool(_GENERAL.search(tail))


# Somebody else's: 我邻居得了带状疱疹. A relative who may be the patient (老伴, 爸, 老爷子) counts as the patient.

_STRANGERS = re.compile(
    r"(?:邻居|同事|病友|同学|战友|隔壁[床屋]?|[邻隔旁临]床|[0-9一二两三四五六七八九十]+床|同屋|同病房|对门|亲戚|楼[上下])(?:家)?的?(?:那个)?(?:老头子?|老太太?|老爷子|老[公婆伴]|[爸妈爷奶]{1,2}|大爷|大妈|父亲|母亲)"
    r"|邻居|邻床|隔床|同病房|病房里|有没有人|有没有谁|同事|(?<![男女])朋友|别人|(?<!老)人家|其他人|病友|群友|(?:[村庄镇院]里?|(?:小区|单位|厂里|我们村|科里|病区)[^,。]{0,2})有[个位](?:老头子?|老太太?|老爷子|大爷|大妈|奶奶|爷爷)?|节目|视频里|直播|广播里|收音机里|隔壁|楼[上下](?:的|老|大|小|阿|那|邻)|对门|亲戚|同学|战友|熟人|(?<![像被让叫喊找没])有人(?![帮扶陪看管给])|有个人|某人|老乡|群里"
    r"|(?:媳妇|老公|老婆|爱人|女婿)(?:她|他|的)(?:妈|爸|哥|姐|弟|妹)"
    r"|我(?:的|家)?[大二三四小老]?(?:哥|姐|弟|妹|舅|姑|姨(?!妈)|叔|伯|表|堂|嫂|婶|侄)"
    r"|my (?:neighbou?r|friend|colleague|coworker)|someone|somebody|other people|another patient"
)
_YOUNGER = re.compile(
    r"(?<![给累烦起为花害靠])(?:孙子|孙女|外孙|儿子|女儿|闺女|姑娘|儿媳妇?|女婿|侄|外甥|小孩|孩子|娃|宝宝|狗狗|猫咪|我家[狗猫]|小[狗猫])(?!们?的?(?:钱|负担|累赘|包袱|后腿)|他?(?:爹|爸|娘|妈|爷|奶)|把我|撞我|骑)"
    r"|my (?:son|daughter|grandson|granddaughter|grandchild|child|kid|baby|dog|cat)"
)
_MYSELF = re.compile(
    r"我(?!的?(?:邻居|同事|朋友|病友|家|们|亲戚|同学|孙|外孙|儿|女儿|闺女|姑娘|侄|老乡))"
    r"|俺|自己|本人|是(?:病人|患者)|老伴|老公|老婆|老爷子|老太太|老头|[爸妈爷奶]|父亲|母亲|\bi\b|\bi'm\b|\bme\b"
)
_THEIR_KIN = re.compile(r"^的?[他她](?:[爸妈爷奶]|父亲|母亲)")
"""我同事他爸 is no relative of ours."""
_KIN = re.compile(r"老伴|老公|老婆|爱人|家里人|家人|媳妇|丈夫|妻子|老头|老太|[爸妈爷奶哥姐弟妹]|保姆|护工")
_ONLY_THERE = re.compile(
    r"[在去到从回上](?:我的?)?(?:邻居|亲戚|朋友|同事|同学|战友|老乡|熟人|隔壁|对门|[大二三小]?[哥姐弟妹姑舅叔姨伯][哥姐弟妹姑舅叔伯妈]?)们?[^,。的]{0,2}家(?!的|那)"
    r"|[跟和同陪约与](?:[我几]个?的?)?(?:老)?(?:邻居|亲戚|朋友|同事|同学|战友|老乡|病友|熟人|别人|人家)们?(?:一起|一块儿?|在)?[^,。]{0,3}(?:吃|喝|打牌|打麻将|下棋|聊|说话|唠|跳|走|散步|遛|逛|爬|打球|打太极|唱|玩|出去|出门|聚|坐|见面|通电话|打电话|吵)(?![^,。]{0,4},?[他她])"
    r"|(?:同学|战友|老乡|亲戚|朋友|同事|病友)[^,。]{0,2}(?:聚会|聚餐|会上|婚礼|结婚|请客|来串门|来玩|来看我)"
    r"|(?:邻居|亲戚|朋友|同事|同学|战友|老乡|熟人|病友)们?来[^,。]{0,5}(?:时候|时|那会儿?)"
    r"|(?:邻居|亲戚|朋友|同事|同学|战友|老乡|熟人|病友)们?(?:帮忙|帮我|帮着|开车|背|抬|扶|搀|送|叫的?车)[^,。]{0,6}"
)
_WITH_THE_YOUNGER = re.compile(
    r"[带抱接送陪哄喂教看领](?:着|了)?(?:我的?|[大小外])?(?:孙子|孙女|外孙女?|外甥|娃|宝宝|小孩|孩子|儿子|女儿|闺女)[^,。]{0,6}?"
    r"(?:的?时候?|路上|回来|回家|放学|上学|作业|功课|玩|睡觉|遛弯|散步|着)"
)
"""Where one was, and in whose company, says nothing of whose symptom it is."""
_CATCHING = re.compile(r"传(?:染)?(?:给|上)?我|会(?:不会)?传染(?!给)|隔离|躲着|离(?:他|她|远)|要不要分开")
_NOT_ME = re.compile(r"不是我(?!说)")
_SUCH_PEOPLE = re.compile(
    r"的(?:人|病人|患者|老人|孩子|邻居|同事|病友|亲戚)(?!说|们说)|的?(?:病人|患者)(?!说)"
)


def names_kin(passage: Passage, match: Match) -> bool:
    """老伴咳嗽: a relative, who may be the patient or not."""
    return bool(_KIN.search(passage.text[passage.clause_start(match.start) : match.start]))


def _is_caught(clause: str, rest: str) -> bool:
    """老伴感冒了，会传染我吗: whoever fears to catch it has not got it. 她膝盖疼，不是我."""
    return bool(_KIN.search(clause) and (_CATCHING.search(rest) or _NOT_ME.search(rest)))


def _is_anothers(sentence: str, clause: str, tail: str) -> bool:
    for people, where in (
        (_STRANGERS, _ONLY_THERE.sub("", sentence)),
        (_YOUNGER, _WITH_THE_YOUNGER.sub("", clause)),
    ):
        found = list(people.finditer(where))
        rest = where[found[-1].end() :] if found else ""
        if found and not _MYSELF.search(_THEIR_KIN.sub("", rest) if people is _STRANGERS else rest):
            return True
    return bool(_SUCH_PEOPLE.match(tail))
