"""G Life itself and its partners: branches, products, agents, broker partners, banks, outlets."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample import vocab
from sample.chance import NEVER, Chance, as_dates, day


@dataclass(frozen=True)
class Company:
    """Frames of everything that sells or is sold; row order is the code order."""

    branches: pl.DataFrame
    products: pl.DataFrame
    agents: pl.DataFrame
    partners: pl.DataFrame
    partner_agents: pl.DataFrame
    violations: pl.DataFrame
    outlets: pl.DataFrame


def make_company(persons: int, seed: int) -> Company:
    """A company of a size that fits the number of persons."""
    partners = _partners(int(np.clip(persons // 70, 8, 150)), Chance(seed, "partners"))
    return Company(
        branches=_branches(),
        products=_products(Chance(seed, "products")),
        agents=_agents(int(np.clip(persons // 55, 14, 2500)), Chance(seed, "agents")),
        partners=partners,
        partner_agents=_partner_agents(persons, partners, Chance(seed, "partner_agents")),
        violations=_violations(partners, Chance(seed, "violations")),
        outlets=_outlets(int(np.clip(persons // 100, 12, 600)), Chance(seed, "outlets")),
    )


def _branches() -> pl.DataFrame:
    code, name, region = vocab.HEAD_OFFICE
    rows: list[tuple[str, str, str | None, str, str]] = [(code, name, None, "1", region)]
    provinces = {(c[1], c[0].removesuffix("省"), c[4][:2] + "0000") for c in vocab.CITIES}
    rows += [(p, f"{n}分公司", code, "2", r) for p, n, r in sorted(provinces)]
    rows += [(c[3], c[2].removesuffix("市") + "中心支公司", c[1], "3", c[4]) for c in vocab.CITIES]
    return pl.DataFrame(rows, schema=["branch_code", "name", "parent_branch_code", "level", "region_code"], orient="row")


def _products(chance: Chance) -> pl.DataFrame:
    """Eight products per line: the first of each line sold everywhere since 2015, others narrower, some withdrawn."""
    rows = []
    for line, noun in vocab.LINES.items():
        for i, word in enumerate(vocab.PRODUCT_WORDS):
            start = day("2015-03-01") if i == 0 else int(chance.whole(day("2015-06-01"), day("2023-06-01"), 1)[0])
            stop = start + int(chance.whole(900, 2200, 1)[0]) if i in (2, 5) else NEVER
            code = f"{line[0]}{line[1] if line in ('ANNUITY', 'ACCIDENT') else ''}{100 + i}"
            rows.append(
                (
                    code,
                    f"G{word}{noun}",
                    line,
                    start,
                    min(stop, day("2026-02-20")) if stop < NEVER else NEVER,
                    vocab.PRODUCT_CHANNELS[i],
                )
            )
    frame = pl.DataFrame(rows, schema=["product_code", "name", "line", "from", "to", "channels"], orient="row")
    return frame.with_columns(
        as_dates(frame["from"].to_numpy()).alias("on_sale_from"), as_dates(frame["to"].to_numpy()).alias("on_sale_to")
    )


def _agents(count: int, chance: Chance) -> pl.DataFrame:
    """Agents of unequal strength over all city branches; the first sell most and keep best; one in four has left."""
    joined = chance.whole(day("2012-01-01"), day("2026-03-20"), count)
    joined[: max(4, count // 3)] = chance.whole(day("2012-01-01"), day("2017-06-01"), max(4, count // 3))
    left = np.where(chance.hit(0.3, count), joined + chance.whole(200, 3000, count), NEVER)
    left[: len(vocab.CITIES)] = NEVER  # each city keeps its first agent
    left[[len(vocab.CITIES) + 1, len(vocab.CITIES) + 3]] = day("2025-07-31"), day("2026-03-10")
    joined[len(vocab.CITIES) : len(vocab.CITIES) + 4] = day("2016-09-01")
    left = np.where(left > day("2026-04-25"), NEVER, left)
    born = joined - chance.whole(19 * 365, 57 * 365, count)
    male = chance.hit(0.45, count)
    heads, tails = (
        chance.pick(vocab.SURNAMES, count),
        np.where(male, chance.pick(vocab.GIVEN_M, count), chance.pick(vocab.GIVEN_F, count)),
    )
    middle = np.where(male, chance.pick(vocab.GIVEN_M, count), chance.pick(vocab.GIVEN_F, count))
    branch = np.arange(count) % len(vocab.CITIES)
    return pl.DataFrame(
        {
            "agent_code": [f"{10000 + 3 * i:08d}" for i in range(count)],
            "name": (heads + middle + tails).tolist(),
            "sex": np.where(male, "男", "女").tolist(),
            "born": born,
            "education": chance.deal(vocab.AGENT_EDUCATION, count, (1, 2, 9, 8, 2, 1)).tolist(),
            "joined": joined,
            "left": left,
            "job_level": chance.deal(vocab.JOB_LEVELS, count, (6, 8, 4, 3, 2, 1)).tolist(),
            "city": branch,
            "branch_code": [vocab.CITIES[b][3] for b in branch],
            "sales_area": chance.deal(vocab.SALES_AREAS, count).tolist(),
            "mobile": [f"138{m:08d}" for m in chance.whole(10_000_000, 99_999_999, count)],
            "insurance_years": chance.whole(0, 10, count),
            "related_work_years": chance.whole(0, 12, count),
            "interview_rounds": chance.whole(1, 4, count),
            "weight": np.where(np.arange(count) < 3, 3.0, 1.0) / (np.arange(count) // len(vocab.CITIES) + 1.0) ** 0.7,
            "quality": np.concatenate([np.full(count // 3, 0.95), chance.rng.uniform(0.6, 0.95, count - count // 3)]),
        }
    )


def _partners(count: int, chance: Chance) -> pl.DataFrame:
    """Partners whose size falls steeply with the rank, so that few of them make most of the premium."""
    rank = np.arange(count)
    states = np.where(rank % 11 == 9, "暂停", np.where(rank % 13 == 7, "退出", "合作中"))
    admitted = chance.whole(day("2015-01-01"), day("2019-12-31"), count)
    admitted[: max(4, count // 2)] = chance.whole(day("2014-01-01"), day("2017-10-01"), max(4, count // 2))
    words = np.array(vocab.PARTNER_WORDS, dtype=object)
    suffix = np.array(
        [("", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十")[i // len(words) % 11] for i in rank],
        dtype=object,
    )
    upper = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    return pl.DataFrame(
        {
            "partner_code": [f"P{i + 1:03d}" for i in rank],
            "name": (words[rank % len(words)] + suffix + chance.pick(vocab.PARTNER_KINDS, count)).tolist(),
            "credit_code": ("91" + chance.letters("0123456789", 6, count) + chance.letters(upper, 10, count)),
            "since": admitted - chance.whole(100, 4000, count),
            "admitted": admitted,
            "management_years": chance.whole(2, 25, count),
            "alignment": chance.whole(45, 100, count),
            "state": states.tolist(),
            "weight": 1 / (rank + 1.0) ** 1.25,
            "quality": np.where(rank < 3, 0.955, chance.rng.uniform(0.62, 0.98, count)),
            "city": chance.whole(0, len(vocab.CITIES) - 1, count),
        }
    )


def _partner_agents(persons: int, partners: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    weight = partners["weight"].to_numpy()
    heads = np.maximum(3, (weight / weight.sum() * max(40, persons / 12))).astype(int)
    owner = np.repeat(np.arange(partners.height), heads)
    seat = np.arange(len(owner)) - np.repeat(np.cumsum(heads) - heads, heads)
    n = len(owner)
    joined = chance.whole(day("2015-06-01"), day("2025-12-31"), n)
    joined[seat < 2] = day("2016-01-05") + owner[seat < 2] % 300
    left = np.where(chance.hit(0.3, n) & (seat > 1), joined + chance.whole(150, 2000, n), NEVER)
    names = chance.pick(vocab.SURNAMES, n) + chance.pick(vocab.GIVEN_F, n) + chance.pick(vocab.GIVEN_M, n)
    return pl.DataFrame(
        {
            "partner": owner,
            "partner_code": partners["partner_code"].gather(owner),
            "partner_agent_code": [f"P{o + 1:03d}{s + 1:05d}" for o, s in zip(owner, seat, strict=True)],
            "name": names.tolist(),
            "licence_no": [f"00000032000{i * 17:07d}" for i in range(n)],
            "joined": joined,
            "left": np.where(left > day("2026-04-20"), NEVER, left),
        }
    )


def _violations(partners: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Grave violations inside and outside the three years before the last quarter, and ordinary ones."""
    n = max(8, partners.height // 2)
    rank = 2 + np.arange(n) * 3 % max(1, partners.height - 2)
    violated = chance.whole(day("2020-06-01"), day("2026-03-25"), n)
    severity = np.where(np.arange(n) % 4 == 0, "重大", "一般")
    violated[0], violated[4] = day("2024-11-20"), day("2021-02-02")
    return pl.DataFrame(
        {
            "partner_code": partners["partner_code"].gather(rank),
            "violated": violated,
            "type": chance.deal(vocab.VIOLATION_TYPES, n).tolist(),
            "severity": severity.tolist(),
            "authority": chance.deal(vocab.AUTHORITIES, n).tolist(),
            "penalty": chance.whole(1, 50, n) * 5000,
        }
    ).sort("violated")


def _outlets(count: int, chance: Chance) -> pl.DataFrame:
    bank = np.arange(count) % len(vocab.BANKS)
    city = chance.whole(0, len(vocab.CITIES) - 1, count)
    return pl.DataFrame(
        {
            "bank_code": [vocab.BANKS[b][0] for b in bank],
            "bank_name": [vocab.BANKS[b][1] for b in bank],
            "outlet_code": [f"{vocab.BANKS[b][0]}{i // len(vocab.BANKS) + 1:04d}" for i, b in enumerate(bank)],
            "outlet_name": [
                f"{vocab.BANKS[b][1]}{vocab.CITIES[c][2]}第{i + 1}支行" for i, (b, c) in enumerate(zip(bank, city, strict=True))
            ],
            "city": city,
            "branch_code": [vocab.CITIES[c][3] for c in city],
            "state": np.where(np.arange(count) % 9 == 8, "停业", "营业").tolist(),
            "weight": 1 / (bank + 1.0),
            "quality": chance.rng.uniform(0.72, 0.97, count),
        }
    )
