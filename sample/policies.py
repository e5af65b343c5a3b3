"""The life of policies: who takes which, what is paid when, and how each ends. Days are numbers, NEVER is not yet."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample import vocab
from sample.chance import NEVER, Chance, add_months, day
from sample.company import Company
from sample.people import FIRST_DAY, LAST_DAY

GRACE = 60
# ways of a policy's life that every sample shows in both core systems
FATES = (
    "REPUDIATED",
    "CANCELLED",
    "LAPSED",
    "REINSTATED",
    "SURRENDERED",
    "DEATH",
    "MATURED",
    "PAIDUP",
    "CHANGE_HOLDER",
)
CHANNELS = ("IND", "BRK", "BANCA", "NET", "TEL", "GRP")


@dataclass(frozen=True)
class Policies:
    """`policies`: one row each with every turn of its life; `instalments`: those that ever appear."""

    policies: pl.DataFrame
    instalments: pl.DataFrame


def make_policies(people: pl.DataFrame, company: Company, seed: int) -> Policies:
    """Policies of both core systems; `policy` is the row number."""
    chance = Chance(seed, "policies")
    policies = _sales(people, chance)
    policies = _sellers(policies, people, company, chance)
    policies = _terms(policies, people, company, chance)
    policies = _turns(policies, people, chance)
    policies = _transfers(policies, company.agents, chance)
    instalments = _instalments(policies, chance)
    policies = _settle(policies, instalments)
    return Policies(policies, instalments)


def _sales(people: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Who buys how often and through which channel: mostly the customer's usual one, sometimes another."""
    adult = people.filter(pl.col("age") >= 20)
    rich = (adult["annual_income"] > 300_000).to_numpy()
    bought = chance.rng.poisson(np.where(rich, 4.6, 2.7)) * chance.hit(0.8, adult.height)
    holder = np.repeat(adult["person"].to_numpy(), bought)
    n = len(holder)
    usual = np.repeat(chance.index(3, adult.height, (0.5, 0.24, 0.26)), bought)
    channel = np.where(chance.hit(0.78, n), usual, chance.index(6, n, (0.39, 0.27, 0.275, 0.03, 0.02, 0.015)))
    issued = FIRST_DAY + (chance.rng.random(n) ** 0.8 * (LAST_DAY - FIRST_DAY + 1)).astype(int)
    issued = np.clip(issued, people["born"].to_numpy()[holder] + 19 * 365, LAST_DAY)
    relation = chance.pick(vocab.RELATIONS, n, (0.62, 0.14, 0.17, 0.05, 0.02))
    chanced = pl.DataFrame(
        {
            "channel": np.array(CHANNELS, dtype=object)[channel].tolist(),
            "holder": holder,
            "relation": relation.tolist(),
            "issued": issued,
            "fate": pl.Series([None] * n, dtype=pl.String),
        }
    )
    frame = _insured(pl.concat([_certain_sales(people), chanced], how="vertical_relaxed"), people)
    born, dies = people["born"].to_numpy(), people["dies"].to_numpy()
    sold, holder, insured = frame["issued"].to_numpy(), frame["holder"].to_numpy(), frame["insured"].to_numpy()
    living = (sold < dies[holder] - 30) & (sold < dies[insured] - 30) & (sold >= born[insured])
    return frame.filter(pl.Series(living)).sort("issued", maintain_order=True).with_row_index("policy").cast({"policy": pl.Int64})


def _certain_sales(people: pl.DataFrame) -> pl.DataFrame:
    """Sales that even the smallest sample holds: every channel, relation and way to end; newborns in both systems."""
    heads = people.filter((pl.col("place") == 0) & (pl.col("dies") == NEVER) & (pl.col("age") >= 30))["person"].to_list()
    couples = people.filter((pl.col("place") == 0) & (pl.col("dies") == NEVER) & (pl.col("spouse") >= 0))["person"].to_list()
    first = day("2018-02-01")
    rows: list[tuple[str, int, str, int, str | None]] = []
    for core in ("IND", "BANCA"):
        for i, fate in enumerate(FATES):
            pool = couples if fate == "CHANGE_HOLDER" else heads
            rows.append((core, pool[i % len(pool)], "SELF", first + 37 * i, fate))
        rows += [(core, head, vocab.RELATIONS[i % 5], first + 61 * i, None) for i, head in enumerate(heads[:15])]
        rows += [
            (core, spouse, "OTHER", first + 900, None) for spouse in people.filter(pl.col("place") == 1)["person"].to_list()[:2]
        ]
        grown = people.filter((pl.col("place") == 0) & (pl.col("parent") >= 0))["person"].to_list()[:4]
        rows += [(core, head, "PARENT", first + 1000, None) for head in grown]
        infants = people.filter(pl.col("id_type") == "BIRTH")
        rows += [(core, head, "BORN", born + 60, None) for head, born in infants.select("head", "born").head(2).iter_rows()]
    rows += [(channel, heads[i], "SELF", first + 400 * i, None) for i, channel in enumerate(CHANNELS)]
    return pl.DataFrame(
        rows,
        schema=["channel", "holder", "relation", "issued", "fate"],
        schema_overrides={"fate": pl.String},
        orient="row",
    )


def _insured(frame: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Who is insured; where the relative does not exist (yet), the holder."""
    holder, relation, issued = frame["holder"].to_numpy(), frame["relation"].to_numpy(), frame["issued"].to_numpy()
    infants = people.filter(pl.col("id_type") == "BIRTH").unique("head", keep="first", maintain_order=True)
    infant = np.full(people.height, -1)
    infant[infants["head"].to_numpy()] = infants["person"].to_numpy()
    insured = holder.copy()
    kin = {
        "SPOUSE": people["spouse"].to_numpy(),
        "CHILD": people["child"].to_numpy(),
        "PARENT": people["parent"].to_numpy(),
        "OTHER": people["head"].to_numpy(),
        "BORN": infant,
    }
    for name, relative in kin.items():
        insured = np.where((relation == name) & (relative[holder] >= 0), relative[holder], insured)
    relation = np.where(relation == "BORN", "CHILD", relation)
    unborn = people["born"].to_numpy()[insured] > issued
    insured = np.where(unborn, holder, insured)
    relation = np.where(insured == holder, "SELF", relation)
    return frame.with_columns(pl.Series("insured", insured), pl.Series("relation", relation.tolist(), dtype=pl.String))


def _sellers(policies: pl.DataFrame, people: pl.DataFrame, company: Company, chance: Chance) -> pl.DataFrame:
    """Agent, partner or outlet: employed on the day, in the customer's city if there is one. Sets the branch."""
    n = policies.height
    issued = policies["issued"].to_numpy()
    home = people["city"].to_numpy()[policies["holder"].to_numpy()]
    agent = _seller(company.agents, home, issued, chance)
    partner = chance.index(company.partners.height, n, company.partners["weight"].to_numpy())
    partner = np.where(company.partners["admitted"].to_numpy()[partner] > issued, partner % 4, partner)
    members = company.partner_agents
    first = np.searchsorted(members["partner"].to_numpy(), partner)
    size = np.bincount(members["partner"].to_numpy())[partner]
    seat = first + (chance.rng.random(n) ** 1.8 * size).astype(int)
    employed = (members["joined"].to_numpy()[seat] <= issued) & (members["left"].to_numpy()[seat] > issued)
    seat = np.where(employed, seat, first)
    outlet = chance.index(company.outlets.height, n, company.outlets["weight"].to_numpy())
    channel = policies["channel"].to_numpy()
    ind, brk, banca = (channel == c for c in ("IND", "BRK", "BANCA"))
    cities = np.array([c[3] for c in vocab.CITIES], dtype=object)
    seller_city = np.select(
        [ind, brk, banca],
        [company.agents["city"].to_numpy()[agent], home, company.outlets["city"].to_numpy()[outlet]],
        home,
    )
    quality = np.select(
        [ind, brk, banca],
        [
            company.agents["quality"].to_numpy()[agent],
            company.partners["quality"].to_numpy()[partner],
            company.outlets["quality"].to_numpy()[outlet],
        ],
        0.8,
    )
    named = lambda mask, values: pl.Series(np.asarray(np.where(mask, values, None)).tolist(), dtype=pl.String)  # noqa: E731
    unknown = ind & chance.hit(0.002, n)
    agent_code = np.where(unknown, "00099999", company.agents["agent_code"].to_numpy()[agent])
    staff = np.array([f"S{i:04d}" for i in range(2000)], dtype=object)[outlet * 3 % 1997 + chance.whole(0, 2, n)]
    return policies.with_columns(
        pl.Series("agent", np.where(ind & ~unknown, agent, -1)),
        named(ind, agent_code).alias("agent_code"),
        pl.Series("partner", np.where(brk, partner, -1)),
        named(brk, company.partners["partner_code"].to_numpy()[partner]).alias("partner_code"),
        named(brk & chance.hit(0.85, n), members["partner_agent_code"].to_numpy()[seat]).alias("partner_agent_code"),
        named(banca, company.outlets["bank_code"].to_numpy()[outlet]).alias("bank_code"),
        named(banca, company.outlets["outlet_code"].to_numpy()[outlet]).alias("outlet_code"),
        named(banca, staff).alias("bank_staff_code"),
        pl.Series("branch_code", cities[seller_city].tolist(), dtype=pl.String),
        pl.Series("quality", quality),
    )


def _seller(agents: pl.DataFrame, home: np.ndarray, issued: np.ndarray, chance: Chance) -> np.ndarray:
    """An agent of the customer's city who works there on that day; the city's first, who never left, if none does."""
    n = len(home)
    chosen = np.zeros(n, dtype=np.int64)
    joined, left, city, weight = (agents[c].to_numpy() for c in ("joined", "left", "city", "weight"))
    for town in range(len(vocab.CITIES)):
        local = np.flatnonzero(city == town)
        rows = np.flatnonzero(home == town)
        chosen[rows] = local[0]
        for _ in range(6):  # draws until someone is found who works there on that day
            pick = local[chance.index(len(local), len(rows), weight[local])]
            works = (joined[pick] <= issued[rows]) & (left[pick] > issued[rows])
            chosen[rows[works]] = pick[works]
            rows = rows[~works]
    return chosen


def _terms(policies: pl.DataFrame, people: pl.DataFrame, company: Company, chance: Chance) -> pl.DataFrame:
    """Product on sale in that channel on that day, pay mode, terms, premium by the holder's income."""
    n = policies.height
    issued, channel = policies["issued"].to_numpy(), policies["channel"].to_numpy()
    products = company.products
    product = np.full(n, -1)
    seller = np.where(np.isin(channel, ("IND", "BRK", "BANCA")), channel, "IND")
    offered = {c: products["channels"].str.split("|").list.contains(c).to_numpy() for c in ("IND", "BRK", "BANCA")}
    line_weight = products["line"].replace_strict({"LIFE": 3, "ANNUITY": 3, "CI": 3, "MEDICAL": 1, "ACCIDENT": 1}).to_numpy()
    for code, sold in offered.items():
        rows = np.flatnonzero(seller == code)
        local = np.flatnonzero(sold)
        pick = local[chance.index(len(local), len(rows), line_weight[local])]
        on_sale = (products["from"].to_numpy()[pick] <= issued[rows]) & (products["to"].to_numpy()[pick] > issued[rows])
        always = np.flatnonzero(products["from"].to_numpy() < FIRST_DAY)  # the first of each line, sold everywhere
        product[rows] = np.where(
            on_sale, pick, (pick // len(vocab.PRODUCT_WORDS)) * len(vocab.PRODUCT_WORDS) if len(always) else pick
        )
    line = products["line"].to_numpy()[product]
    mode = chance.pick(tuple(vocab.PAY_MODES), n, (0.16, 0.66, 0.06, 0.06, 0.06))
    mode = np.where((channel == "BANCA") & chance.hit(0.25, n), "SINGLE", mode)
    short = np.isin(line, ("MEDICAL", "ACCIDENT"))
    term = np.where(short, 10, chance.pick(("3", "5", "10", "15", "20", "30"), n, (18, 18, 30, 8, 20, 6)).astype(int))
    fate = policies["fate"].to_numpy()
    mode = np.where(fate == "MATURED", "SINGLE", np.where(policies["fate"].is_not_null().to_numpy(), "ANNUAL", mode))
    term = np.where(fate == "PAIDUP", 3, np.where(policies["fate"].is_not_null().to_numpy(), 10, term))
    single = mode == "SINGLE"
    cover = np.where(
        chance.hit(0.45, n) & (line == "LIFE") & (fate != "MATURED"),
        0,
        np.where(single & (~short | (fate == "MATURED")), 5, np.where(short & (fate != "PAIDUP"), 10, term + 5)),
    )
    income = people["annual_income"].to_numpy()[policies["holder"].to_numpy()]
    share = chance.rng.lognormal(-2.9, 0.75, n) * np.where(short, 0.08, 1.0)
    star = policies["agent"].to_numpy() < 3
    share = np.where(star & (channel == "IND"), share * 2.2, share)
    # the two largest partners advise the wealthy
    share = share * np.select([policies["partner"].to_numpy() == 0, policies["partner"].to_numpy() == 1], [3.0, 2.0], 1.0)
    yearly = (income * share).clip(260, 900_000)
    times = np.array([max(1, vocab.PAY_MODES[m]) for m in vocab.PAY_MODES])[
        np.array([list(vocab.PAY_MODES).index(m) for m in mode])
    ]
    fen = np.where(single, np.maximum(yearly * 4 // 1000, 10) * 1000, yearly / times) * 100
    fen = np.where(chance.hit(0.4, n), fen // 1000 * 1000, fen).astype(np.int64)
    applied = issued - chance.whole(0, 7, n)
    return policies.with_columns(
        products["product_code"].gather(product).alias("product_code"),
        products["line"].gather(product).alias("line"),
        pl.Series("pay_mode", mode.tolist(), dtype=pl.String),
        pl.Series("per_year", np.where(single, 0, times)),
        pl.Series("pay_years", np.where(single, 0, term)),
        pl.Series("cover_years", cover),
        pl.Series("premium", fen),
        pl.Series("sum_insured", (np.maximum(yearly * chance.whole(4, 40, n) // 10_000, 1) * 10_000).astype(np.int64) * 100),
        pl.Series("applied", applied),
        pl.Series("effective", issued + 1),
        pl.Series("cooling_off", issued + chance.pick(("10", "15", "20"), n).astype(int)),
    )


def _turns(policies: pl.DataFrame, people: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """When the holder stops paying, whether it is reinstated, and what else ends the policy."""
    n = policies.height
    issued, effective = policies["issued"].to_numpy(), policies["effective"].to_numpy()
    per_year, years = policies["per_year"].to_numpy(), policies["pay_years"].to_numpy()
    quality = policies["quality"].to_numpy()
    stop_year = np.full(n, 99)
    for year in range(8, 0, -1):  # the yearly chance to stop falls with the policy's age
        stops = chance.hit((1 - quality) * (0.95, 0.6, 0.4, 0.3, 0.2, 0.2, 0.15, 0.1)[year - 1], n)
        stop_year = np.where(stops & (year < years), year, stop_year)
    inside = np.where(chance.hit(0.25, n), chance.whole(0, 11, n) % np.maximum(per_year, 1), 0)
    fate = policies["fate"].to_numpy()
    stops = np.where(policies["fate"].is_not_null().to_numpy(), np.isin(fate, ("LAPSED", "REINSTATED")), stop_year < 99)
    stop_year = np.where(stop_year < 99, stop_year, 2)
    stop_at = np.where(stops & (per_year > 0), stop_year * per_year + 1 - inside, NEVER)
    stop_due = np.where(
        stop_at < NEVER,
        add_months(effective, np.where(stop_at < NEVER, stop_at - 1, 0) * 12 // np.maximum(per_year, 1)),
        NEVER,
    )
    lapse = np.where(stop_at < NEVER, stop_due + GRACE + 1, NEVER)
    reinstated = np.where(fate == "LAPSED", False, chance.hit(0.22, n) | (fate == "REINSTATED")) & (lapse < NEVER)
    reinstate = np.where(reinstated, lapse + chance.whole(5, 420, n), NEVER)
    cancel = np.where(chance.hit(0.02, n), np.minimum(issued + chance.whole(1, 9, n), policies["cooling_off"].to_numpy()), NEVER)
    death = _deaths(policies, people)
    death = np.where(death < NEVER, death + chance.whole(15, 70, n), NEVER)
    surrender = np.where(chance.hit(0.07, n), effective + 200 + chance.rng.exponential(900, n).astype(int), NEVER)
    repudiated = np.where(chance.hit(0.002, n), effective + chance.whole(60, 700, n), NEVER)
    fated = policies["fate"].is_not_null().to_numpy()
    cancel = np.where(fated, np.where(fate == "CANCELLED", issued + 4, NEVER), cancel)
    surrender = np.where(fated, np.where(fate == "SURRENDERED", effective + 800, NEVER), surrender)
    repudiated = np.where(fated, np.where(fate == "REPUDIATED", effective + 300, NEVER), repudiated)
    cover = policies["cover_years"].to_numpy()
    matured = np.where(cover > 0, add_months(effective, cover * 12), NEVER)
    ends = np.stack([surrender, death, repudiated, matured])
    end = ends.min(axis=0)
    end_status = np.array(["SURRENDERED", "DEATH", "REPUDIATED", "MATURED"], dtype=object)[ends.argmin(axis=0)]
    # a lapsed policy that nobody reinstated neither matures nor is surrendered here
    end = np.where((lapse < end) & (reinstate > end), NEVER, end)
    end = np.where(cancel < NEVER, NEVER, end)
    lapse = np.where((lapse >= end) | (cancel < NEVER), NEVER, lapse)
    reinstate = np.where(lapse < NEVER, reinstate, NEVER)
    paidup = np.where((per_year > 0) & ((cover == 0) | (cover > years)), add_months(effective, years * 12), NEVER)
    paidup = np.where((lapse < NEVER) & (reinstate == NEVER) | (paidup >= end) | (cancel < NEVER), NEVER, paidup)
    holder_change = np.where(
        (chance.hit(0.006, n) | (fate == "CHANGE_HOLDER")) & (cancel == NEVER),
        issued + chance.whole(300, 2500, n),
        NEVER,
    )
    holder_change = np.where(
        (holder_change < end) & (people["spouse"].to_numpy()[policies["holder"].to_numpy()] >= 0), holder_change, NEVER
    )
    return policies.with_columns(
        pl.Series("stop_at", stop_at),
        pl.Series("cancel", cancel),
        pl.Series("lapse", lapse),
        pl.Series("reinstate", reinstate),
        pl.Series("paidup", paidup),
        pl.Series("end", end),
        pl.Series("end_status", end_status.tolist(), dtype=pl.String),
        pl.Series("holder_change", holder_change),
    )


def _deaths(policies: pl.DataFrame, people: pl.DataFrame) -> np.ndarray:
    """The insured's day of death; whoever is fated to die does so after the last policy on that life."""
    insured = policies["insured"].to_numpy()
    last = np.zeros(people.height, dtype=np.int64)
    np.maximum.at(last, insured, policies["issued"].to_numpy())
    dies = people["dies"].to_numpy().copy()
    fated = insured[(policies["fate"] == "DEATH").fill_null(False).to_numpy()]
    dies[fated] = np.minimum(last[fated] + 40, LAST_DAY - 75)
    died = dies[insured]
    return np.where(died > policies["issued"].to_numpy(), died, NEVER)


def _transfers(policies: pl.DataFrame, agents: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Most policies of an agent who left are handed to another of the city; the others become orphans."""
    n = policies.height
    agent = policies["agent"].to_numpy()
    left = np.where(agent >= 0, agents["left"].to_numpy()[agent], NEVER)
    moved = np.where((left < NEVER) & chance.hit(0.55, n), left + chance.whole(5, 90, n), NEVER)
    asked = (agent >= 0) & (left == NEVER) & chance.hit(0.012, n)
    moved = np.where(asked, policies["issued"].to_numpy() + chance.whole(200, 1500, n), moved)
    over = np.minimum(policies["end"].to_numpy(), policies["cancel"].to_numpy())
    moved = np.where((moved < over) & (moved > policies["issued"].to_numpy()), moved, NEVER)
    heir = _seller(
        agents,
        np.where(agent >= 0, agents["city"].to_numpy()[agent], 0),
        np.where(moved < NEVER, moved, LAST_DAY),
        chance,
    )
    moved = np.where(heir == agent, NEVER, moved)
    code = pl.Series(agents["agent_code"].to_numpy()[heir].tolist(), dtype=pl.String)
    return policies.with_columns(
        pl.Series("agent_change", moved), pl.when(pl.Series(moved < NEVER)).then(code).alias("new_agent_code")
    )


def _instalments(policies: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Every instalment that appears by LAST_DAY: one appears when the one before it is settled."""
    at = {
        name: policies[name].to_numpy()
        for name in ("effective", "issued", "per_year", "pay_years", "stop_at", "reinstate", "end", "cancel", "premium")
    }
    total = np.where(at["per_year"] == 0, 1, at["per_year"] * at["pay_years"])
    elapsed = (LAST_DAY - at["effective"]) * np.maximum(at["per_year"], 1) // 365 + 3
    count = np.minimum(total, np.maximum(elapsed, 1)).clip(1)
    count = np.where(at["cancel"] < NEVER, 1, count)  # only the first one ever was, and is set back to unpaid
    row = np.repeat(np.arange(policies.height), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + 1
    gap = 12 // np.maximum(at["per_year"], 1)
    due = add_months(at["effective"][row], (number - 1) * gap[row])
    n = len(row)
    delay = chance.index(4, n, (0.55, 0.3, 0.12, 0.03))
    delay = np.select(
        [delay == 0, delay == 1, delay == 2],
        [chance.whole(-6, 0, n), chance.whole(1, 20, n), chance.whole(21, 58, n)],
        GRACE,
    )
    paid = np.where(number == 1, at["issued"][row], due + delay)
    stopped = number >= at["stop_at"][row]
    reinstate = at["reinstate"][row]
    paid = np.where(stopped, np.where(reinstate == NEVER, NEVER, np.maximum(reinstate, paid)), paid)
    paid = np.where(due >= at["end"][row], NEVER, paid)
    offset = row * (4 * NEVER)
    paid = np.maximum.accumulate(paid + offset) - offset  # nobody pays an instalment before the one before it
    paid = np.where(paid > np.minimum(at["end"][row], LAST_DAY), NEVER, paid)
    appears = np.where(number == 1, at["issued"][row], np.roll(paid, 1))
    # part payments: something of the first instalment that was not settled
    part = (paid == NEVER) & stopped & (appears < NEVER) & chance.hit(0.12, n) & (due + 30 < np.minimum(at["end"][row], LAST_DAY))
    keep = appears < NEVER
    frame = pl.DataFrame(
        {
            "policy": row,
            "instalment_no": number,
            "due": due,
            "amount_due": at["premium"][row],
            "paid": paid,
            "part_paid": np.where(part & (reinstate == NEVER), np.maximum(due + 10, appears), NEVER),
            "appears": appears,
            "cancel": np.where(number == 1, at["cancel"][row], NEVER),
        }
    )
    return frame.filter(keep)


def _settle(policies: pl.DataFrame, instalments: pl.DataFrame) -> pl.DataFrame:
    """A policy whose instalments were not all paid can't be paid up."""
    unpaid = instalments.filter(pl.col("paid") == NEVER)["policy"].unique()
    return policies.with_columns(
        pl.when(pl.col("policy").is_in(unpaid.implode())).then(NEVER).otherwise("paidup").alias("paidup")
    )


def number_policies(made: Policies, seed: int) -> Policies:
    """Twelve-digit numbers in no order; a few of core_banca's are also numbers of core_life."""
    policies = made.policies
    n = policies.height
    number = 880_000_000_000 + Chance(seed, "policy numbers").rng.permutation(np.arange(n * 8))[:n]
    banca = (policies["channel"] == "BANCA").to_numpy()
    twins = np.flatnonzero(banca)[: max(1, n // 300)]
    number[twins] = number[np.flatnonzero(~banca)[: len(twins)]]
    return Policies(policies.with_columns(pl.Series("policy_no", number).cast(pl.String)), made.instalments)
