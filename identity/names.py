"""Standard forms of persons' names, worked out once per distinct name.

``standardise`` is pure: the same names give the same forms on every run and machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from opencc import OpenCC
from pypinyin import lazy_pinyin

_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿\U00020000-\U0003134f]")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_BRACKETED = re.compile(r"[(\[【〔<《][^)\]】〕>》]*[)\]】〕>》]")
_NOT_IN_A_NAME = re.compile(r"[\s·•・‧∙⋅．.。,，、'’`´\-_()\[\]【】〔〕<>《》]+")
# What salespeople add to a name: whose it is in the policy, a number to tell two of one name apart, a word in Latin letters.
_ROLE = re.compile(r"^(投保人|被保险人|被保人|受益人|客户)(?=..)")
_ADDED = re.compile(r"[0-9A-Za-z#]+")
_TITLES = re.compile(r"(先生|女士|小姐|太太|老师|经理|主任|医生|老板|阿姨|总)$|(?<=^.)[哥姐董叔嫂]$")
_SEX_OF_TITLE = {"先生": "M", "女士": "F", "小姐": "F", "太太": "F", "阿姨": "F"}
_SEX_OF_LATIN_TITLE = {"mr": "M", "mrs": "F", "ms": "F", "miss": "F"}
_NICKNAME = re.compile(r"^[小老阿](.)$")
_TAKEN_AWAY = (_BRACKETED, _NOT_IN_A_NAME, _ROLE, _ADDED, _TITLES)
_ANYTHING_TO_TAKE = re.compile("|".join(pattern.pattern for pattern in _TAKEN_AWAY))  # most names have none
_MASK = re.compile(r"[*某]")
_LOST = frozenset("?\ufffd□■")  # what a rare character becomes in an encoding that lacks it
_LATIN_JOINED = re.compile(r"(?<=\w)['’`´\-](?=\w)")
_LATIN_PARTS = re.compile(r"[^\w]+|[\d_]+")
_LATIN_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof"})
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

PLACEHOLDERS = frozenset(
    {
        "不详",
        "未知",
        "无",
        "测试",
        "客户",
        "姓名",
        "匿名",
        "暂无",
        "无名",
        "未填",
        "待补",
        "待定",
        "未提供",
        "不知道",
        "保密",
        "无名氏",
        "某",
        "某某",
        "某人",
        "本人",
        "同上",
        "先生",
        "女士",
        "佚名",
        "null",
        "none",
        "na",
        "n/a",
        "test",
        "unknown",
        "x",
        "xx",
        "xxx",
    }
)
COMPOUND_SURNAMES = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "夏侯",
        "司徒",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "宇文",
        "长孙",
        "东方",
        "端木",
        "独孤",
        "南宫",
        "西门",
        "轩辕",
        "百里",
        "呼延",
        "东郭",
        "公冶",
        "太史",
        "申屠",
        "澹台",
        "濮阳",
        "闻人",
        "赫连",
        "钟离",
        "鲜于",
        "闾丘",
        "左丘",
        "公羊",
        "公西",
        "宗政",
        "第五",
        "万俟",
        "仲孙",
        "淳于",
        "单于",
    ]
)
# pypinyin reads these surnames as the common word: 单 is Shan, not dan.
SURNAME_READINGS = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "区": "ou", "查": "zha", "解": "xie", "朴": "piao", "任": "ren", "华": "hua",
    "乐": "yue", "尉": "wei", "盖": "ge", "缪": "miao", "翟": "zhai", "冼": "xian", "佴": "nai", "重": "chong", "折": "she",
    "黑": "he", "种": "chong", "员": "yun", "秘": "bi", "繁": "po", "卜": "bu", "宓": "mi", "长孙": "zhangsun",
    "尉迟": "yuchi", "万俟": "moqi", "单于": "chanyu", "澹台": "tantai", "吕": "lv", "令狐": "linghu",
}  # fmt: skip
_COMMON_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
    "庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边"
)


class StandardName(NamedTuple):
    """One distinct name as delivered, and the forms that names are compared in."""

    name: str
    name_std: str | None
    """Comparable writing: Chinese characters simplified, Latin words upper-case in alphabetical order; null: no name."""
    name_sound: str | None
    """Reading in Latin letters, the same for 高良海, GAO LIANGHAI and Lianghai Gao."""
    surname: str | None
    surname_sound: str | None
    given_name: str | None
    """Null where only the surname is known, as of 王先生."""
    is_han: bool
    sex: str | None = None
    """M or F where a title says it (王先生)."""


@lru_cache(maxsize=1)
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(maxsize=65536)
def _reading(character: str) -> str:
    return lazy_pinyin(character)[0].replace("ü", "v").lower()


@lru_cache(maxsize=1)
def _surname_sounds() -> frozenset[str]:
    sounds = {SURNAME_READINGS.get(character, _reading(character)) for character in _COMMON_SURNAMES}
    sounds |= {_sound_of_surname(surname) for surname in COMPOUND_SURNAMES}
    return frozenset(sounds | {sound.replace("v", "yu") for sound in sounds if sound == "lv"} | {"lu", "lyu"})


@lru_cache(maxsize=65536)
def _sound_of_surname(surname: str) -> str:
    return SURNAME_READINGS.get(surname) or "".join(map(_reading, surname))


def standardise(names: Iterable[str]) -> list[StandardName]:
    """Standard forms of each name, in the order given; the simplification runs once over all of them."""
    originals = list(names)
    if not originals:
        return []
    folded = [_INVISIBLE.sub("", unicodedata.normalize("NFKC", name)).replace("\n", " ") for name in originals]
    simplified = _simplifier().convert("\n".join(folded)).split("\n")
    return [_standardise(original, text) for original, text in zip(originals, simplified, strict=True)]


def _standardise(original: str, text: str) -> StandardName:
    text = text.strip()
    if _HAN.search(text):
        return _han(original, text)
    return _latin(original, text)


def _han(original: str, text: str) -> StandardName:
    bare = _bare(text)
    if bare in PLACEHOLDERS or bare[:1] in _LOST:
        return StandardName(original, None, None, None, None, None, True)
    surname = bare[:2] if bare[:2] in COMPOUND_SURNAMES and len(bare) > 2 else bare[:1]
    given = bare[len(surname) :]
    if _MASK.search(given) or given in _LOST:
        bare, given = surname, ""
    sound = " ".join(sorted(filter(None, (_sound_of_surname(surname), "".join(map(_reading, given))))))
    # Only a name that is not all there is had something taken away, which may be a title.
    sex = _one_of(s for title, s in _SEX_OF_TITLE.items() if title in text and title not in bare) if bare != text else None
    return StandardName(original, bare, sound, surname, _sound_of_surname(surname), given or None, True, sex)


def _one_of(said: Iterable[str]) -> str | None:
    """What all that is said agrees in."""
    values = set(said)
    return values.pop() if len(values) == 1 else None


def _bare(text: str) -> str:
    """A Chinese name without what is no part of it, each left in where nothing else would remain."""
    bare = text
    for pattern in _TAKEN_AWAY if _ANYTHING_TO_TAKE.search(text) else ():
        rest = pattern.sub("", bare).strip()
        bare = rest if _HAN.search(rest) else bare
    nickname = _NICKNAME.match(bare)
    return nickname[1] if nickname and nickname[1] in _COMMON_SURNAMES else bare


def _latin(original: str, text: str) -> StandardName:
    plain = "".join(
        c for c in unicodedata.normalize("NFD", text.replace("ü", "v").replace("Ü", "V")) if not unicodedata.combining(c)
    )
    plain = _LATIN_JOINED.sub("", _CAMEL.sub(" ", _BRACKETED.sub(" ", plain) or plain))
    words = [word.lower() for word in _LATIN_PARTS.sub(" ", plain).split()]
    if "".join(words) in PLACEHOLDERS or not words:
        return StandardName(original, None, None, None, None, None, False)
    sex = _one_of(_SEX_OF_LATIN_TITLE[word] for word in words if word in _SEX_OF_LATIN_TITLE)
    # A title or a middle initial comes and goes: it tells nothing, unless it is all there is.
    words = [word for word in words if len(word) > 1 and word not in _LATIN_TITLES] or words
    surname, given = _latin_parts(words)
    sound = " ".join(sorted(filter(None, (surname, given))))
    std = " ".join(sorted(words)).upper()
    return StandardName(original, std, sound, surname or None, surname or None, given or None, False, sex)


def _latin_parts(words: list[str]) -> tuple[str, str]:
    """Surname and given name of Latin words in either order, as far as Chinese surnames tell them apart."""
    surnames = _surname_sounds()
    if len(words) == 1:
        word = words[0]
        heads = [word[:length] for length in range(6, 0, -1) if word[:length] in surnames and len(word) > length]
        return (heads[0], word[len(heads[0]) :]) if heads else (word, "")
    for surname, rest in ((words[0], words[1:]), (words[-1], words[:-1]), (words[0] + words[1], words[2:])):
        if surname in surnames:
            return surname, "".join(rest)
    return "", " ".join(sorted(words))
