"""Words that were written as they sound: 发骚 for 发烧, 头运 for 头晕, fashao. Voice input and pinyin keyboards do that.

Only listed words are looked for, and only where at least one character is right; everything else stays as written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

# The first level of GB 2312 lists 3,755 common characters by their sound: the first character of each sound is enough.
_STARTS = """
啊a 埃ai 鞍an 肮ang 凹ao 芭ba 白bai 斑ban 邦bang 苞bao 杯bei 奔ben 崩beng 逼bi 鞭bian 标biao 鳖bie
彬bin 兵bing 玻bo 捕bu 擦ca 猜cai 餐can 苍cang 操cao 厕ce 层ceng 插cha 拆chai 搀chan 昌chang 超chao
车che 郴chen 撑cheng 吃chi 充chong 抽chou 初chu 揣chuai 川chuan 疮chuang 吹chui 春chun 戳chuo 疵ci
聪cong 凑cou 粗cu 蹿cuan 摧cui 村cun 磋cuo 搭da 大dai 耽dan 当dang 刀dao 德de 蹬deng 堤di 颠dian
碉diao 跌die 丁ding 丢diu 东dong 兜dou 督du 端duan 堆dui 墩dun 掇duo 蛾e 恩en 而er 发fa 藩fan 坊fang
菲fei 芬fen 丰feng 佛fo 否fou 夫fu 噶ga 该gai 干gan 冈gang 篙gao 哥ge 给gei 根gen 耕geng 工gong 钩gou
辜gu 刮gua 乖guai 棺guan 光guang 瑰gui 辊gun 锅guo 哈ha 骸hai 酣han 夯hang 壕hao 呵he 嘿hei 痕hen
哼heng 轰hong 喉hou 呼hu 花hua 槐huai 欢huan 荒huang 灰hui 荤hun 豁huo 击ji 嘉jia 歼jian 僵jiang
蕉jiao 揭jie 巾jin 荆jing 炯jiong 揪jiu 鞠ju 捐juan 撅jue 均jun 喀ka 开kai 刊kan 康kang 考kao 坷ke
肯ken 坑keng 空kong 抠kou 枯ku 夸kua 块kuai 宽kuan 匡kuang 亏kui 坤kun 括kuo 垃la 莱lai 蓝lan 琅lang
捞lao 勒le 雷lei 棱leng 厘li 俩lia 联lian 粮liang 撩liao 列lie 琳lin 拎ling 溜liu 龙long 楼lou 芦lu
峦luan 抡lun 萝luo 妈ma 埋mai 瞒man 芒mang 猫mao 么me 玫mei 门men 萌meng 眯mi 棉mian 苗miao 蔑mie
民min 明ming 谬miu 摸mo 谋mou 拇mu 拿na 氖nai 南nan 囊nang 挠nao 呢ne 馁nei 嫩nen 能neng 妮ni 蔫nian
娘niang 鸟niao 捏nie 您nin 柠ning 牛niu 脓nong 奴nu 暖nuan 挪nuo 哦o 欧ou 啪pa 拍pai 攀pan 乓pang
抛pao 呸pei 喷pen 砰peng 坯pi 篇pian 飘piao 撇pie 拼pin 聘ping 坡po 扑pu 期qi 掐qia 牵qian 枪qiang
橇qiao 切qie 钦qin 青qing 琼qiong 秋qiu 趋qu 圈quan 缺que 裙qun 然ran 瓤rang 饶rao 惹re 壬ren 扔reng
日ri 戎rong 揉rou 肉ru 软ruan 蕊rui 闰run 若ruo 撒sa 腮sai 三san 桑sang 搔sao 瑟se 森sen 僧seng 莎sha
筛shai 珊shan 墒shang 梢shao 奢she 砷shen 声sheng 师shi 收shou 蔬shu 刷shua 摔shuai 栓shuan
霜shuang 谁shui 吮shun 说shuo 斯si 松song 搜sou 苏su 酸suan 虽sui 孙sun 蓑suo 塌ta 胎tai 坍tan
汤tang 掏tao 特te 藤teng 梯ti 天tian 挑tiao 贴tie 厅ting 通tong 偷tou 凸tu 湍tuan 推tui 吞tun 拖tuo
挖wa 歪wai 豌wan 汪wang 威wei 瘟wen 嗡weng 挝wo 巫wu 昔xi 瞎xia 掀xian 相xiang 萧xiao 楔xie 薪xin
星xing 兄xiong 休xiu 墟xu 轩xuan 靴xue 勋xun 压ya 焉yan 殃yang 邀yao 椰ye 一yi 茵yin 英ying 哟yo
拥yong 幽you 迂yu 鸳yuan 曰yue 耘yun 匝za 栽zai 咱zan 赃zang 遭zao 责ze 贼zei 怎zen 增zeng 扎zha
摘zhai 瞻zhan 樟zhang 招zhao 遮zhe 珍zhen 蒸zheng 芝zhi 中zhong 舟zhou 珠zhu 抓zhua 拽zhuai
专zhuan 桩zhuang 椎zhui 谆zhun 捉zhuo 兹zi 鬃zong 邹zou 租zu 钻zuan 嘴zui 尊zun 昨zuo
"""
_FIRST_LEVEL = (0xB0A1, 0xD7F9)
MOST_PIECES = 6
"""A listed word in pinyin has no more syllables."""
_LATIN_RUN = re.compile(r"[a-z]+(?: [a-z]+)*")


def _code(character: str) -> int:
    return int.from_bytes(character.encode("gb2312"), "big")


_TABLE = sorted((_code(entry[0]), entry[1:]) for entry in _STARTS.split())
_PLACES = [code for code, _ in _TABLE]


@lru_cache(maxsize=8192)
def syllable(character: str) -> str:
    """The toneless sound of a common Chinese character (its most frequent one); empty for anything else."""
    try:
        code = _code(character)
    except UnicodeEncodeError:
        return ""
    if not _FIRST_LEVEL[0] <= code <= _FIRST_LEVEL[1]:
        return ""
    return _TABLE[bisect_right(_PLACES, code) - 1][1]


def _flat(sound: str) -> str:
    """zh z, ch c, sh s: many speakers do not tell them apart."""
    return sound[0] + sound[2:] if sound[:2] in ("zh", "ch", "sh") else sound


def _open(sound: str) -> str:
    """n and ng at the end."""
    return sound[:-1] if sound.endswith("ng") else sound


@dataclass(frozen=True, slots=True)
class SoundTable:
    """Words by the sounds of their first two characters; `real`: words of their own that sound like one of them."""

    words: Mapping[tuple[str, str], tuple[tuple[str, tuple[str, ...]], ...]]
    latin: Mapping[str, str]
    real: frozenset[str]
    rare: Mapping[str, str]

    def sound(self, character: str) -> str:
        return self.rare.get(character) or syllable(character)


def sound_table(words: Iterable[str], real: Iterable[str], rare: Iterable[str]) -> SoundTable:
    """`rare`: sounds of characters outside the first level, as "疱pao". Raises ValueError for a word without a sound."""
    table = SoundTable({}, {}, frozenset(real), {entry[0]: entry[1:] for entry in rare})
    found: dict[tuple[str, str], list[tuple[str, tuple[str, ...]]]] = {}
    latin: dict[str, str] = {}
    for word in sorted(words, key=len, reverse=True):
        sounds = [table.sound(character) for character in word]
        if len(word) < 2 or not all(sounds):
            raise ValueError(f"{word!r} is one character, or has one whose sound is not known")
        flat = tuple(_flat(sound) for sound in sounds)
        found.setdefault((_open(flat[0]), _open(flat[1])), []).append((word, flat))
        latin["".join(sounds)] = word
    return SoundTable({key: tuple(some) for key, some in found.items()}, latin, table.real, table.rare)


def from_latin(text: str, table: SoundTable) -> str:
    """fashao, fa shao le: a listed word that was left in pinyin stands in Chinese."""
    return _LATIN_RUN.sub(lambda run: _out_of_latin(run[0].split(" "), table), text)


def _out_of_latin(pieces: list[str], table: SoundTable) -> str:
    """The longest listed word that begins at each piece, up to MOST_PIECES of them; what is none stays as it is."""
    said, place = [], 0
    while place < len(pieces):
        ends = range(min(len(pieces), place + MOST_PIECES), place, -1)
        end = next((end for end in ends if "".join(pieces[place:end]) in table.latin), 0)
        said.append(table.latin["".join(pieces[place:end])] if end else pieces[place])
        place = end or place + 1
    return " ".join(said)


def spelled(text: str, table: SoundTable) -> str:
    """The text, as long as before, with listed words in place of what sounds like them."""
    flat = [_flat(table.sound(character)) for character in text]
    keys = [_open(sound) for sound in flat]
    letters = list(text)
    place = 0
    while place < len(text) - 1:
        candidates = table.words.get((keys[place], keys[place + 1]), ())
        word = next((w for w, sounds in candidates if _meant(text, flat, place, w, sounds, table.real)), "")
        letters[place : place + len(word)] = word
        place += max(len(word), 1)
    return "".join(letters)


def _meant(
    text: str, flat: list[str], place: int, word: str, sounds: tuple[str, ...], real: frozenset[str]
) -> bool:
    """A long word may also be wrong in n and ng; of two characters that would be too many others."""
    end = place + len(word)
    written, heard = text[place:end], tuple(flat[place:end])
    if written in real or len(written) < len(word):
        return False
    same = heard == sounds or (len(word) > 2 and [*map(_open, heard)] == [*map(_open, sounds)])
    return same and any(a == b for a, b in zip(written, word, strict=True))
