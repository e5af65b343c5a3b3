"""Kinds of trouble that only the heavy noise has: what is learned from usual samples has never seen them.

Slips of the pen in names, numbers and dates; placeholder values in forms that no list knows; numbers of bank staff and shared
dormitories under many people; documents that were issued anew; names that were changed; a relative's ID number.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from sample import vocab
from sample.chance import Chance

# Characters that sound like those of the vocabulary's names and are written for them.
HOMOPHONES = str.maketrans(
    "伟强磊军洋杰涛明平辉飞斌宇浩健峰志文博波亮晨轩天成瑞翔云福芳娜敏静丽艳娟霞秀兰英玉红玲芬燕梅雪慧颖佳怡涵琪淑莲晴",
    "玮墙雷均阳捷滔铭萍晖菲彬雨皓建锋智闻勃泼良辰宣添诚锐祥芸富方那闵靖莉燕涓侠绣岚瑛钰洪铃纷艳媒学惠影嘉宜晗棋舒联情",
)
ODD_MOBILES = (
    "无",
    "无手机",
    "0000",
    "00000000000",
    "12345678901",
    "99999999999",
    "11111111111",
    "13123456789",
    "同上",
    "15500000000",
)
ODD_IDS = ("无", "000000000000000000", "999999999999999999", "123456", "办理中")
ODD_NAMES = ("本人", "无名氏", "某某", "客户", "新客户", "待定")
DORMITORIES = (
    "江苏省苏州市工业园区星海街200号宿舍3栋1单元101室",
    "广东省深圳市南山区科技路88号员工公寓1栋2单元201室",
    "浙江省杭州市余杭区人民路66号集体宿舍2栋1单元102室",
)
Draw = Callable[[float], pl.Expr]


def trouble(rows: pl.DataFrame, people: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Described records with more trouble; `_name_true` and the like stay what they say of the written values."""
    n = rows.height

    def hit(share: float) -> pl.Expr:
        return pl.lit(pl.Series(chance.hit(share, n)))

    rows = _names(rows, hit, chance)
    rows = _numbers(rows, people, hit, chance)
    return _places(rows, hit, chance)


def _names(rows: pl.DataFrame, hit: Draw, chance: Chance) -> pl.DataFrame:
    """A character that sounds the same, one that is left out, a new given name, a word that is no name."""
    n = rows.height
    han = ~pl.col("is_foreign") & ~pl.col("is_minority")
    name = pl.col("name")
    sounded = pl.Series([text.translate(HOMOPHONES) if text else text for text in rows["name"].to_list()], dtype=pl.String)
    shortened = name.str.head(2)
    renamed = pl.col("surname") + pl.lit(pl.Series(chance.pick(tuple(vocab.GIVEN_F), n).tolist(), dtype=pl.String))
    odd = pl.lit(pl.Series(chance.pick(ODD_NAMES, n).tolist(), dtype=pl.String))
    is_odd, is_renamed = hit(0.003), hit(0.002) & han & (pl.col("sex") == "F")
    return rows.with_columns(
        pl.when(is_odd)
        .then(odd)
        .when(is_renamed)
        .then(renamed)
        .when(hit(0.01) & han)
        .then(pl.lit(sounded))
        .when(hit(0.003) & han & (name.str.len_chars() == 3))
        .then(shortened)
        .otherwise(name)
        .alias("name"),
        (pl.col("_name_true") & ~is_odd & ~is_renamed).alias("_name_true"),
    )


def _slip(column: pl.Expr, length: int, n: int, chance: Chance) -> pl.Expr:
    """The text with one of its digits, at a random place, wrong."""
    place = pl.lit(pl.Series(chance.whole(3, length - 1, n)))
    digit = column.str.slice(place, 1).cast(pl.Int64, strict=False)
    wrong = ((digit + pl.lit(pl.Series(chance.whole(1, 9, n)))) % 10).cast(pl.String)
    return pl.concat_str(column.str.slice(0, place), wrong, column.str.slice(place + 1))


def _numbers(rows: pl.DataFrame, people: pl.DataFrame, hit: Draw, chance: Chance) -> pl.DataFrame:
    """One wrong digit anywhere, a document issued anew, a relative's number, bank staff's mobiles, unknown placeholders."""
    n = rows.height
    odd_id = pl.lit(pl.Series(chance.pick(ODD_IDS, n).tolist(), dtype=pl.String))
    odd_mobile = pl.lit(pl.Series(chance.pick(ODD_MOBILES, n).tolist(), dtype=pl.String))
    staff = pl.lit(pl.Series(chance.pick(tuple(f"1770000{k}" for k in range(1001, 1009)), n).tolist(), dtype=pl.String))
    head = pl.lit(people["id_number"].gather(rows["head"]))
    number, mobile = pl.col("id_number"), pl.col("mobile")
    plain_id = number.str.contains(r"^\d{17}[\dX]$")
    plain_mobile = mobile.str.contains(r"^1\d{10}$")
    is_odd_id, slipped_id = hit(0.003), hit(0.006) & plain_id
    relatives = hit(0.002) & plain_id & (pl.col("place") > 1)
    reissued = hit(0.3) & (pl.col("id_type") == "PASSPORT")
    is_odd, slipped, is_staff = hit(0.006), hit(0.008) & plain_mobile, hit(0.004)
    return rows.with_columns(
        pl.when(is_odd_id)
        .then(odd_id)
        .when(relatives)
        .then(head)
        .when(slipped_id)
        .then(_slip(number, 17, n, chance))
        .when(reissued)
        .then(pl.concat_str(pl.lit("E9"), number.str.slice(2)))
        .when(hit(0.5) & (pl.col("id_type") == "HKMO"))
        .then(pl.concat_str(number, pl.lit("02")))
        .otherwise(number)
        .alias("id_number"),
        pl.when(is_odd)
        .then(odd_mobile)
        .when(is_staff)
        .then(staff)
        .when(slipped)
        .then(_slip(mobile, 11, n, chance))
        .otherwise(mobile)
        .alias("mobile"),
        (pl.col("_id_true") & ~is_odd_id & ~slipped_id & ~relatives & ~reissued).alias("_id_true"),
        (pl.col("_mobile_true") & ~is_odd & ~slipped & ~is_staff).alias("_mobile_true"),
    )


def _places(rows: pl.DataFrame, hit: Draw, chance: Chance) -> pl.DataFrame:
    """Many people of one dormitory, and a birthday whose day is off."""
    n = rows.height
    dormitory = pl.lit(pl.Series(chance.pick(DORMITORIES, n).tolist(), dtype=pl.String))
    shift = pl.lit(pl.Series(np.where(chance.hit(0.5, n), 1, -1)))
    off = hit(0.004) & pl.col("birth_date").dt.day().is_between(2, 27)
    return rows.with_columns(
        pl.when(hit(0.015)).then(dormitory).otherwise(pl.col("address")).alias("address"),
        pl.when(hit(0.015)).then(dormitory).otherwise(pl.col("address_short")).alias("address_short"),
        pl.when(off).then(pl.col("birth_date") + pl.duration(days=shift)).otherwise(pl.col("birth_date")).alias("birth_date"),
        (pl.col("_birth_true") & ~off).alias("_birth_true"),
    )
