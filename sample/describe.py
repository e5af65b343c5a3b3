"""How a person looks in one system's record: the truth, and the known trouble that people and old systems add."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from sample import vocab
from sample.chance import Chance
from sample.people import pinyin, traditional
from sample.trouble import trouble
from sample.world import World

LEVELS = {"usual": 1.0, "heavy": 2.6}
Hit = Callable[[float], pl.Expr]  # true in about that share of the records, more with more noise
FULL_WIDTH = dict(zip("0123456789Xx", "０１２３４５６７８９Ｘｘ", strict=True))


@dataclass(frozen=True)
class Habit:
    """What a system asks for, as the share of records that have it, and how rough its writers are."""

    id_share: float = 0.96
    mobile_share: float = 0.95
    birth_share: float = 0.98
    short_address: float = 0.1
    honorific: float = 0.0


def describe(world: World, person: np.ndarray, when: np.ndarray, chance: Chance, habit: Habit) -> pl.DataFrame:
    """Records of the persons as written on the given days; `linkable` is false where nothing true identifies them."""
    rows = world.people[pl.Series(person)].with_columns(pl.Series("when", when))
    factor = LEVELS[world.noise]

    def hit(share: float) -> pl.Expr:
        drawn = chance.hit(min(share * factor, 0.9), rows.height)
        if share > 0:
            drawn[chance.whole(0, rows.height - 1, 1)] = True  # a small sample has every trouble too
        return pl.lit(pl.Series(drawn))

    def given(share: float) -> pl.Expr:
        return pl.lit(pl.Series(chance.hit(share, rows.height)))

    n = rows.height
    agent = world.company.agents["mobile"].gather(chance.index(min(12, world.company.agents.height), n))
    invented = pl.Series(chance.pick(vocab.PLACEHOLDER_MOBILES, n).tolist(), dtype=pl.String)
    rows = _name(rows, hit, habit)
    rows = _id_number(rows, hit, ~given(habit.id_share))
    rows = _mobile(rows.with_columns(agent.alias("_agent"), invented.alias("_invented")), hit, ~given(habit.mobile_share))
    rows = _birth(rows, hit, ~given(habit.birth_share))
    if world.noise == "heavy":
        rows = trouble(rows, world.people, chance)
    return rows.with_columns(
        pl.when(given(habit.short_address)).then("address_short").when(given(0.94)).then("address").alias("address"),
        pl.when(given(0.55) & (pl.col("annual_income") > 0)).then("annual_income").alias("annual_income"),
        pl.when(given(0.93)).then("marital_status").alias("marital_status"),
        pl.when(given(0.9)).then("education").alias("education"),
        pl.when(~hit(0.004)).then("sex").alias("sex"),
        (pl.col("_id_true") | (pl.col("_name_true") & (pl.col("_mobile_true") | pl.col("_birth_true")))).alias("linkable"),
    )


def _name(rows: pl.DataFrame, hit: Hit, habit: Habit) -> pl.DataFrame:
    """One written form of the name: order, script, spaces, dots; sometimes only 'Mr Wang', or unknown."""
    surname, first = pl.col("surname"), pl.col("given")
    plain = surname + first
    dots = pl.col("surname")
    minority = (
        pl.when(hit(0.15))
        .then(dots.str.replace("·", "．"))
        .when(hit(0.1))
        .then(dots.str.replace("·", "•"))
        .when(hit(0.1))
        .then(dots.str.replace("·", ""))
        .when(hit(0.05))
        .then(dots.str.replace("·", " "))
        .otherwise(dots)
    )
    foreign = (
        pl.when(hit(0.3))
        .then(surname + " " + first)
        .when(hit(0.1))
        .then(surname + ", " + first)
        .when(hit(0.1))
        .then((first + " " + surname).str.to_titlecase())
        .otherwise(first + " " + surname)
    )
    han = (
        pl.when(hit(0.016))
        .then(traditional(plain))
        .when(hit(0.006))
        .then(pinyin(surname) + " " + pinyin(first))
        .when(hit(0.005))
        .then(pinyin(first) + " " + pinyin(surname))
        .when(hit(0.012))
        .then(surname + " " + first)
        .when(hit(0.006))
        .then(surname + "　" + first)
        .otherwise(plain)
    )
    honorific = surname + pl.col("sex").replace_strict(vocab.HONORIFIC)
    polite, unknown = hit(habit.honorific), hit(0.0015)
    name = pl.when(pl.col("is_foreign")).then(foreign).when(pl.col("is_minority")).then(minority).otherwise(han)
    return rows.with_columns(
        pl.when(unknown).then(pl.lit("不详")).when(polite & ~pl.col("is_foreign")).then(honorific).otherwise(name).alias("name"),
        (~unknown & ~polite).alias("_name_true"),
    )


def _id_number(rows: pl.DataFrame, hit: Hit, missing: pl.Expr) -> pl.DataFrame:
    """The document's number, with 15-digit, lower-case, full-width, O-for-0, mistyped and placeholder forms."""
    true = pl.col("id_number")
    resident = pl.col("id_type") == "ID"
    placeholder = hit(0.004)
    wrong = hit(0.008) & resident
    old = hit(0.02) & resident & (pl.col("birth_date").dt.year() < 1986)
    last = true.str.slice(-1)
    mistyped = true.str.head(-1) + (
        pl.when(last == "X").then(pl.lit("7")).otherwise((last.cast(pl.Int32, strict=False) + 3) % 10).cast(pl.String)
    )
    written = (
        pl.when(wrong)
        .then(mistyped)
        .when(old)
        .then(true.str.slice(0, 6) + true.str.slice(8, 9))
        .when(hit(0.006) & resident)
        .then(true.str.replace_all("0", "O"))
        .when(hit(0.006))
        .then(true.str.replace_many(list(FULL_WIDTH), list(FULL_WIDTH.values())))
        .when(hit(0.2) & resident)
        .then(true.str.replace("X", "x"))
        .otherwise(true)
    )
    return rows.with_columns(
        pl.when(placeholder).then(pl.lit(vocab.PLACEHOLDER_ID)).when(~missing).then(written).alias("id_number"),
        (~placeholder & ~missing & ~wrong).alias("_id_true"),
    )


def _mobile(rows: pl.DataFrame, hit: Hit, missing: pl.Expr) -> pl.DataFrame:
    """The number in use on that day, or a stale, mistyped, invented or agent's one, in several spellings."""
    current = pl.when((pl.col("when") < pl.col("mobile_changed")) | hit(0.03)).then("old_mobile").otherwise("mobile")
    placeholder, mistyped, agents = hit(0.006), hit(0.006), hit(0.008)
    slip = current.str.head(9) + current.str.slice(10, 1) + current.str.slice(9, 1)
    number = pl.when(placeholder).then("_invented").when(agents).then("_agent").when(mistyped).then(slip).otherwise(current)
    rows = rows.with_columns(number.alias("number"))
    number = pl.col("number")
    split = [number.str.slice(0, 3), number.str.slice(3, 4), number.str.slice(7, 4)]
    written = (
        pl.when(hit(0.012))
        .then(pl.concat_str(split, separator="-"))
        .when(hit(0.012))
        .then(pl.concat_str(split, separator=" "))
        .when(hit(0.008))
        .then(pl.lit("+86") + number)
        .when(hit(0.008))
        .then(number.str.replace_many(list(FULL_WIDTH), list(FULL_WIDTH.values())))
        .otherwise(number)
    )
    return rows.with_columns(
        pl.when(~missing).then(written).alias("mobile"),
        (~placeholder & ~mistyped & ~agents & ~missing).alias("_mobile_true"),
    ).drop("number", "_agent", "_invented")


def _birth(rows: pl.DataFrame, hit: Hit, missing: pl.Expr) -> pl.DataFrame:
    """The birthday, sometimes with month and day swapped, the system's 1900-01-01, or missing."""
    true = pl.col("birth_date")
    swapped = hit(0.006) & (true.dt.day() <= 12) & (true.dt.day() != true.dt.month())
    placeholder = hit(0.003)
    mirror = pl.date(true.dt.year(), true.dt.day(), true.dt.month())
    mirror = pl.when(true.dt.day() <= 12).then(mirror)
    return rows.with_columns(
        pl.when(placeholder).then(pl.date(1900, 1, 1)).when(swapped).then(mirror).when(~missing).then(true).alias("birth_date"),
        (~placeholder & ~swapped & ~missing).alias("_birth_true"),
    )
