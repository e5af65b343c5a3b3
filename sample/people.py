"""The population: who really exists, in which households, under which names, numbers and addresses."""

from functools import cache

import numpy as np
import polars as pl

from sample import vocab
from sample.chance import NEVER, Chance, as_dates, day

FIRST_DAY, LAST_DAY = day("2017-11-01"), day("2026-04-30")
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK = "10X98765432"


def make_people(persons: int, seed: int) -> pl.DataFrame:
    """One row per person, `person` = row number: name forms, birth, identifiers, contact, household relations."""
    chance = Chance(seed, "people")
    frame = _households(persons, chance)
    frame = _names(frame, chance)
    frame = _same_name_and_birthday(frame, chance)
    frame = _places(frame, chance)
    frame = _identifiers(frame, chance)
    frame = _mobiles(frame, chance)
    return _traits(frame, chance)


def _households(persons: int, chance: Chance) -> pl.DataFrame:
    """Households of 1 to 5: head, spouse, children (sometimes twins), the head's parent."""
    sizes = chance.index(5, persons, (0.24, 0.24, 0.30, 0.16, 0.06)) + 1
    household = np.repeat(np.arange(persons), sizes)[:persons]
    start = np.searchsorted(household, np.arange(household[-1] + 1))[household]
    row = np.arange(persons)
    place = row - start
    head_born = chance.whole(day("1952-01-01"), day("1998-12-31"), persons)[household]
    child_born = head_born + chance.whole(23 * 365, 36 * 365, persons)
    twin = (place == 3) & chance.hit(0.12, persons) & (row > 40)
    child_born = np.where(twin, np.roll(child_born, 1), child_born)
    born = np.select(
        [place == 0, place == 1, place == 4],
        [
            head_born,
            head_born + chance.whole(-1500, 1500, persons),
            head_born - chance.whole(21 * 365, 32 * 365, persons),
        ],
        np.minimum(child_born, day("2025-11-30") - np.where(twin, np.roll(start, 1), start) % 700),
    )
    head_male = chance.hit(0.62, persons)[household]
    male = np.select([place == 0, place == 1], [head_male, ~head_male], chance.hit(0.51, persons))
    members = np.bincount(household)[household]
    relative = lambda at: np.where(at < members, start + at, -1)  # noqa: E731
    infants = np.flatnonzero(place == 2)[:3]  # even a small sample has newborns
    born[infants] = day("2024-08-01") + 100 * np.arange(len(infants))
    born[infants + 1] = np.where((place[(infants + 1) % persons] == 3), born[infants] - 900, born[(infants + 1) % persons])
    return pl.DataFrame(
        {
            "person": row,
            "household": household,
            "place": place,
            "is_twin": twin,
            "head": start,
            "spouse": np.select([place == 0, place == 1], [relative(1), start], -1),
            "child": np.where(place <= 1, relative(2), -1),
            "parent": np.select([place == 0, (place == 2) | (place == 3)], [relative(4), start], -1),
            "born": born,
            "sex": np.where(male, "M", "F"),
            "is_foreign": (members == 1) & chance.hit(0.05, persons),
        }
    )


def _names(frame: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Children carry the head's surname; most names are Han, some compound, of a minority, or foreign."""
    n = frame.height
    surnames = (*vocab.SURNAMES, *vocab.COMPOUND_SURNAMES)
    weights = np.concatenate([1 / (np.arange(len(vocab.SURNAMES)) + 6.0), np.full(len(vocab.COMPOUND_SURNAMES), 0.002)])
    own = chance.index(len(surnames), n, weights)
    place, head = frame["place"].to_numpy(), frame["head"].to_numpy()
    surname = np.array(surnames, dtype=object)[np.where(place == 1, own, own[head])]
    male = (frame["sex"] == "M").to_numpy()

    def letter(share: float) -> np.ndarray:
        drawn = np.where(male, chance.pick(vocab.GIVEN_M, n), chance.pick(vocab.GIVEN_F, n))
        return np.where(chance.hit(share, n), drawn, "")

    first, second = letter(1.0), letter(0.72)
    twin = frame["is_twin"].to_numpy()
    first = np.where(twin, np.roll(first, 1), first)
    alike = twin & ((second == "") | (second == np.roll(second, 1)))
    second = np.where(alike, np.where(np.roll(second, 1) == "文", "慧", "文"), second)
    minority = (frame["household"].to_numpy() % 67 == 5) & (place <= 1)
    foreign = frame["is_foreign"].to_numpy()
    given = np.where(minority, "", first + second)
    given = np.where(foreign, chance.pick(vocab.FOREIGN_GIVEN, n), given)
    surname = np.where(minority, chance.pick(vocab.MINORITY, n), surname)
    surname = np.where(foreign, chance.pick(vocab.FOREIGN_FAMILY, n), surname)
    return frame.with_columns(
        pl.Series("surname", surname.tolist(), dtype=pl.String),
        pl.Series("given", given.tolist(), dtype=pl.String),
        pl.Series("is_minority", minority & ~foreign),
    )


def _same_name_and_birthday(frame: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Different people of one name, sex and birthday: a few pairs of household heads."""
    heads = frame.filter((pl.col("place") == 0) & ~pl.col("is_foreign"))["person"].to_numpy()
    pairs = max(1, frame.height // 200)
    chosen = chance.rng.permutation(heads)[: 2 * pairs]
    half = len(chosen) // 2
    source = np.arange(frame.height)
    source[chosen[half : 2 * half]] = chosen[:half]
    alike = ["surname", "given", "born", "sex", "is_minority"]
    return frame.with_columns(frame[name].gather(source) for name in alike)


def _places(frame: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """One address per household, in full and in the short form people write."""
    n = frame.height
    home = frame["head"].to_numpy()
    city = chance.index(len(vocab.CITIES), n, (5, 4, 2, 5, 4, 3, 2))[home]
    district = chance.whole(0, 10**6, n)[home]
    parts = [vocab.CITIES[c] for c in range(len(vocab.CITIES))]
    width = np.array([len(p[5]) for p in parts])[city]
    district = district % width
    flat = {(c, d): parts[c][5][d] for c in range(len(parts)) for d in range(len(parts[c][5]))}
    keys = [flat[key] for key in zip(city.tolist(), district.tolist(), strict=True)]
    number, building, unit, room = (chance.whole(1, top, n)[home] for top in (400, 40, 4, 33))
    road, estate = chance.pick(vocab.ROADS, n)[home], chance.pick(vocab.ESTATES, n)[home]
    base = pl.DataFrame(
        {
            "province": [parts[c][0] for c in city],
            "town": [parts[c][2] for c in city],
            "district": [k[0] for k in keys],
            "road": road.tolist(),
            "number": number,
            "estate": estate.tolist(),
            "building": building,
            "unit": unit,
            "room": room * 100 + 1,
        }
    )
    full = pl.format("{}{}{}{}{}号{}{}栋{}单元{}室", *base.columns)
    short = pl.format(
        "{}{}{}{}{}号{}{}-{}-{}",
        pl.col("province").str.head(2),
        pl.col("town").str.head(2),
        pl.col("district").str.head(2),
        *base.columns[3:],
    )
    return frame.with_columns(
        pl.Series("city", city),
        pl.Series("region_code", [k[1] for k in keys]),
        *base.select(full.alias("address"), short.alias("address_short")),
    )


def check_digit(first_17: pl.Expr) -> pl.Expr:
    """The 18th character of a resident identity number (GB 11643)."""
    total = pl.sum_horizontal(first_17.str.slice(i, 1).cast(pl.Int32) * w for i, w in enumerate(ID_WEIGHTS))
    return pl.lit(ID_CHECK).str.slice(total % 11, 1)


def _identifiers(frame: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Resident numbers with true checksums; other documents for foreigners, Hong Kong, Taiwan, soldiers, newborns."""
    n = frame.height
    region = np.where(
        chance.hit(0.7, n),
        frame["region_code"].to_numpy(),
        chance.pick(("320321", "410104", "510902", "420115", "350922", "610111"), n),
    )
    newborn = (frame["born"].to_numpy() > day("2024-06-01")) & chance.hit(0.6, n)
    newborn[np.flatnonzero((frame["place"] == 2).to_numpy())[:3]] = True
    kind = chance.pick(("ID", "HKMO", "TW", "MIL", "OTHER"), n, (0.965, 0.012, 0.01, 0.008, 0.005))
    few = np.flatnonzero((frame["place"] == 0).to_numpy())[1:13]
    kind[few] = np.resize(np.array(("HKMO", "TW", "MIL", "OTHER", "PASSPORT", "FPR"), dtype=object), len(few))
    kind = np.where(newborn, "BIRTH", kind)
    kind = np.where(frame["is_foreign"].to_numpy(), chance.pick(("PASSPORT", "FPR"), n, (0.7, 0.3)), kind)
    digits = chance.whole(1_000_000, 9_999_999, n)
    frame = frame.with_columns(
        pl.Series("id_type", kind.tolist(), dtype=pl.String),
        pl.Series("birthplace", region.tolist(), dtype=pl.String),
        pl.Series("digits", digits),
        as_dates(frame["born"].to_numpy()).alias("birth_date"),
    )
    same = ["birthplace", "born", "sex"]
    order = pl.col("person").cum_count().over(same) - 1 + pl.col("born") * 7
    sequence = (order % 500) * 2 + (pl.col("sex") == "M").cast(pl.Int64)
    frame = frame.with_columns(
        (pl.col("birthplace") + pl.col("birth_date").dt.strftime("%Y%m%d") + sequence.cast(pl.String).str.zfill(3)).alias(
            "first_17"
        )
    )
    resident = pl.col("first_17") + check_digit(pl.col("first_17"))
    number = pl.col("digits").cast(pl.String)
    other = {
        "PASSPORT": pl.lit("E") + number,
        "HKMO": pl.lit("H0") + number,
        "TW": pl.lit("0") + number,
        "FPR": pl.lit("USA0") + number + "0101",
        "MIL": pl.format("军字第{}号", "digits"),
        "BIRTH": pl.lit("Q32") + number,
        "OTHER": pl.lit("X") + number,
    }
    id_number = resident
    for code, made in other.items():
        id_number = pl.when(pl.col("id_type") == code).then(made).otherwise(id_number)
    return frame.with_columns(id_number.alias("id_number")).drop("birthplace", "digits", "first_17")


def _mobiles(frame: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Own numbers for adults, the parents' for minors, some shared; numbers change, and given-up ones are recycled."""
    n = frame.height

    def fresh() -> np.ndarray:
        number = chance.whole(0, 10**8 - 1, n).astype("U8")
        return np.char.add(chance.pick(vocab.MOBILE_HEADS, n).astype("U3"), np.char.zfill(number, 8))

    own, old = fresh(), fresh()
    born, place, head = (frame[name].to_numpy() for name in ("born", "place", "head"))
    changed = np.where(chance.hit(0.12, n) & (place <= 1), chance.whole(day("2019-01-01"), day("2026-04-20"), n), NEVER)
    shares = (born > day("2010-01-01")) | ((place == 4) & chance.hit(0.5, n)) | ((place == 1) & chance.hit(0.06, n))
    own = np.where(shares, own[head], own)
    changed = np.where(shares, changed[head], changed)
    old = np.where(shares, old[head], old)
    givers = np.flatnonzero((changed < day("2023-01-01")) & (place == 0))[: max(2, n // 120)]
    takers = chance.rng.permutation(np.flatnonzero((changed == NEVER) & (place == 0) & (frame["household"].to_numpy() % 3 == 0)))[
        : len(givers)
    ]
    own[takers] = old[givers[: len(takers)]]
    recycled = np.zeros(n, dtype=bool)
    recycled[takers] = True
    return frame.with_columns(
        pl.Series("mobile", own.tolist(), dtype=pl.String),
        pl.Series("old_mobile", np.where(changed < NEVER, old, own).tolist(), dtype=pl.String),
        pl.Series("mobile_changed", changed),
        pl.Series("has_recycled_mobile", recycled),
    )


def _traits(frame: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Income, schooling, family state, e-mail, consent, and the day of death of the few who die."""
    n = frame.height
    born = frame["born"].to_numpy()
    age = (LAST_DAY - born) // 365
    income = np.exp(chance.rng.normal(11.55, 0.75, n)).clip(12_000, 6_000_000)
    income = np.where(age < 18, 0, income // 1000 * 1000).astype(np.int64)
    heads = np.flatnonzero((frame["place"] == 0).to_numpy())
    education = np.where(age < 15, "PRIMARY", chance.pick(vocab.EDUCATION, n, (2, 10, 22, 28, 28, 8, 2)))
    education[heads[:21]] = np.resize(np.array(vocab.EDUCATION, dtype=object), len(heads[:21]))
    married = frame["spouse"].to_numpy() >= 0
    marital = np.where(married, "M", chance.deal(vocab.MARITAL, n, (7, 0.1, 2, 1)))
    alone = heads[~married[heads]][:9]
    marital[alone] = np.resize(np.array(("W", "D", "S"), dtype=object), len(alone))
    marital = np.where(age < 20, "S", marital)
    hosts = chance.pick(vocab.EMAIL_HOSTS, n)
    email = np.char.add(np.char.add(chance.whole(10**8, 10**10, n).astype("U10"), "@"), hosts.astype("U12"))
    dies = np.where(chance.hit(0.012 + 0.03 * (age > 65), n), chance.whole(day("2019-06-01"), day("2026-04-10"), n), NEVER)
    return frame.with_columns(
        pl.Series("age", age),
        pl.Series("annual_income", income),
        pl.Series("education", education.tolist(), dtype=pl.String),
        pl.Series("marital_status", marital.tolist(), dtype=pl.String),
        pl.Series("email", np.where((age >= 18) & chance.hit(0.45, n), email, "").tolist(), dtype=pl.String),
        pl.Series("consent", chance.pick(("Y", "N", ""), n, (0.52, 0.22, 0.26)).tolist(), dtype=pl.String),
        pl.Series("dies", np.where(born < dies, dies, NEVER)),
    ).with_columns(pl.when(pl.col("email") == "").then(None).otherwise(pl.col("email")).alias("email"))


@cache
def _spellings() -> tuple[dict[str, str], dict[str, str]]:
    """Traditional and pinyin form of every character that names are made of."""
    import opencc
    from pypinyin import lazy_pinyin

    han = sorted(
        {*vocab.SURNAMES, *"".join(vocab.COMPOUND_SURNAMES), *vocab.GIVEN_M, *vocab.GIVEN_F, *"".join(vocab.MINORITY)} - {"·"}
    )
    converter = opencc.OpenCC("s2t")
    return {c: converter.convert(c) for c in han}, {c: lazy_pinyin(c)[0].upper() for c in han}


def traditional(name: pl.Expr) -> pl.Expr:
    """The name in traditional characters."""
    table = {a: b for a, b in _spellings()[0].items() if a != b}
    return name.str.replace_many(list(table), list(table.values()))


def pinyin(name: pl.Expr) -> pl.Expr:
    """The name in capital pinyin letters, syllables joined."""
    table = _spellings()[1]
    return name.str.replace_many(list(table), list(table.values())).str.replace_all("·", "")
