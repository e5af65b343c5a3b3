"""The two core systems: clients, policies, instalments, events and claims as core_life and core_banca keep them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample import vocab
from sample.chance import NEVER, Chance, day
from sample.company import Company
from sample.describe import Habit, describe
from sample.people import LAST_DAY
from sample.tables import Table, clock, iso, table, yuan
from sample.world import World

FIRST_DELIVERY = day("2026-01-31")
ENQUIRED = day("2023-05-05")  # when those clients enquired who are deleted later, without a policy
DELETIONS = [day(d) for d in ("2026-01-28", "2026-02-10", "2026-03-02", "2026-04-05")]
LIFE_HABIT = Habit(id_share=0.965, mobile_share=0.96, birth_share=0.995)
BANCA_HABIT = Habit(id_share=0.97, mobile_share=0.94, birth_share=0.99, short_address=0.25)
EVENTS = (  # turn of a policy, its event; the order decides between events of one day
    ("issued", "ISSUE"),
    ("cancel", "COOLING_OFF_CANCEL"),
    ("lapse", "LAPSE"),
    ("reinstate", "REINSTATE"),
    ("agent_change", "CHANGE_AGENT"),
    ("holder_change", "CHANGE_HOLDER"),
    ("paidup", "PAIDUP"),
    ("end", ""),
)
END_EVENTS = {"SURRENDERED": "SURRENDER", "DEATH": "DEATH_CLAIM", "MATURED": "MATURITY", "REPUDIATED": None}


@dataclass(frozen=True)
class Core:
    """One core system's tables, its person records (person, record, since, gone, linkable) and its policy numbers."""

    tables: dict[str, Table]
    records: pl.DataFrame
    policies: pl.DataFrame


def core_life(world: World) -> Core:
    """The individual and broker channels' system, with NET, TEL and GRP business."""
    people, chance, made = world.people, world.chance("core_life"), world.policies
    policies = made.policies.filter(pl.col("channel") != "BANCA")
    parties = _parties(policies, people, chance)
    records, clients = _clients(parties, world, chance)
    parties = parties.join(
        records.select("person", "variant", client_id="record"),
        on=["person", "variant"],
        how="left",
        maintain_order="left",
    )
    dues = made.instalments.join(policies.select("policy", "policy_no"), on="policy", how="inner", maintain_order="left")
    tables = {
        "client": clients,
        "policy": _life_policies(policies, chance),
        "policy_party": _life_parties(parties, chance),
        "premium_due": _dues(dues, chance),
        "policy_event": _life_events(policies, parties, chance),
        "claim": _claims(policies, parties, chance),
        "product": _products(world.company),
        "branch": table(("branch_code",), world.company.branches.with_columns(pl.lit(0).alias("_from"))),
    }
    holders = parties.filter((pl.col("role") == "HOLDER") & (pl.col("seq") == 1) & (pl.col("since") == pl.col("issued")))
    return Core(
        tables,
        records,
        policies.join(holders.select("policy", holder_record="client_id"), on="policy", how="left", maintain_order="left"),
    )


def _parties(policies: pl.DataFrame, people: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """Holder, insured (now and then two) and beneficiaries of each policy, as persons."""
    n = policies.height
    base = policies.select("policy", "policy_no", "issued", person=pl.col("holder")).with_columns(
        pl.lit("HOLDER").alias("role"),
        pl.lit(1).alias("seq"),
        pl.lit("SELF").alias("relation"),
        pl.col("issued").alias("since"),
    )
    insured = base.with_columns(policies["insured"].alias("person"), policies["relation"], pl.lit("INSURED").alias("role"))
    holder = policies["holder"].to_numpy()
    spouse, child, parent = (people[name].to_numpy() for name in ("spouse", "child", "parent"))
    second = insured.with_columns(pl.Series("person", child[holder]), pl.lit(2).alias("seq"), pl.lit("CHILD").alias("relation"))
    second = second.filter(pl.Series(chance.hit(0.02, n)))
    kin = [
        ("SPOUSE", spouse[holder], 0.2),
        ("CHILD", child[holder], 0.2),
        ("PARENT", parent[holder], 0.08),
        ("OTHER", people["head"].to_numpy()[holder], 0.02),
    ]
    heirs = [
        base.with_columns(pl.Series("person", who), pl.lit("BENEFICIARY").alias("role"), pl.lit(name).alias("relation")).filter(
            pl.Series(chance.hit(share, n))
        )
        for name, who, share in kin
    ]
    heir = pl.concat(heirs).filter(pl.col("person") >= 0).sort("policy", maintain_order=True)
    heir = heir.with_columns(pl.col("policy").cum_count().over("policy").cast(pl.Int32).alias("seq"))
    new_holder = base.with_columns(pl.Series("person", spouse[holder]), policies["holder_change"].alias("since"))
    new_holder = new_holder.filter(pl.col("since") <= LAST_DAY)
    parties = pl.concat([base, insured, second.filter(pl.col("person") >= 0), heir, new_holder], how="vertical_relaxed")
    born = people["born"].to_numpy()[parties["person"].to_numpy()]
    parties = parties.filter(pl.Series(born <= parties["issued"].to_numpy()))
    # some persons are two clients of the system: their odd policies hang on the second one
    twice = chance.hit(0.055, people.height)[parties["person"].to_numpy()]
    return parties.with_columns(pl.Series("variant", np.where(twice, parties["policy"].to_numpy() % 2, 0)))


def _clients(parties: pl.DataFrame, world: World, chance: Chance) -> tuple[pl.DataFrame, Table]:
    """Client records of all parties and of some who only enquired; later changes; deletions of enquiries."""
    people = world.people
    found = parties.group_by("person", "variant", maintain_order=True).agg(pl.col("since").min())
    known = np.zeros(people.height, dtype=bool)
    known[found["person"].to_numpy()] = True
    strangers = np.flatnonzero(~known & (people["age"].to_numpy() >= 18))[: max(6, people.height // 150)]
    since = chance.whole(day("2020-01-01"), day("2026-03-01"), len(strangers))
    since[: len(DELETIONS)] = ENQUIRED
    enquiries = pl.DataFrame({"person": strangers, "variant": 0, "since": since})
    records = pl.concat([found, enquiries], how="vertical_relaxed").sort("since", "person", "variant")
    gone = np.full(records.height, NEVER)
    enquired = np.isin(records["person"].to_numpy(), strangers)
    leavers = np.flatnonzero(enquired & (records["since"].to_numpy() == ENQUIRED))[: len(DELETIONS)]
    gone[leavers] = DELETIONS[: len(leavers)]
    records = records.with_columns(
        pl.format("C1{}", (pl.int_range(pl.len()) + chance.whole(0, 3, 1)[0]).cast(pl.String).str.zfill(8)).alias("record"),
        pl.Series("gone", gone),
    )
    return _client_versions(records, world, chance)


def _client_versions(records: pl.DataFrame, world: World, chance: Chance) -> tuple[pl.DataFrame, Table]:
    n, people = records.height, world.people
    who = records["person"].to_numpy()
    seen = describe(world, who, records["since"].to_numpy(), chance, LIFE_HABIT)
    # an address now and then holds a comma, a quote or a line break: the file quotes it
    odd = chance.index(60, n)
    address = pl.col("address")
    odd_address = (
        pl.when(pl.lit(pl.Series(odd == 0)))
        .then(address + ", 转交物业")
        .when(pl.lit(pl.Series(odd == 1)))
        .then(address + '\n(门口"红门")')
        .otherwise(address)
    )
    base = seen.select(
        records["record"].alias("client_id"),
        "name",
        "sex",
        pl.col("birth_date").cast(pl.String),
        "id_type",
        "id_number",
        "mobile",
        pl.when(pl.lit(pl.Series(chance.hit(0.12, n))))
        .then(pl.format("025-{}", pl.lit(pl.Series(chance.whole(80_000_000, 89_999_999, n)))))
        .alias("phone2"),
        "email",
        odd_address.alias("address"),
        "region_code",
        pl.Series("occupation_code", chance.whole(100, 700, n)).cast(pl.String).str.zfill(7),
        yuan(pl.col("annual_income") * 100).alias("annual_income"),
        "marital_status",
        "education",
        pl.when(pl.col("consent") != "").then("consent").alias("marketing_consent"),
        pl.concat_str(iso(pl.lit(records["since"])), pl.lit("T"), pl.lit(clock(chance, n))).alias("created_at"),
        pl.lit(records["since"]).alias("_from"),
    )
    base = base.with_columns(pl.col("created_at").alias("updated_at"), pl.lit(False).alias("_gone"))
    moved = people["mobile_changed"].to_numpy()[who]
    renewed = (moved > records["since"].to_numpy()) & (moved < NEVER) & chance.hit(0.6, n)
    changes = _stamp(
        base.filter(pl.Series(renewed)).with_columns(people["mobile"].gather(who[renewed]).alias("mobile")),
        moved[renewed],
    )
    changed_on = chance.whole(day("2025-11-01"), day("2026-04-30"), n)
    answered = chance.hit(0.04, n) & (changed_on > records["since"].to_numpy()) & ~renewed
    consent = pl.Series(chance.pick(("Y", "N"), int(answered.sum())).tolist(), dtype=pl.String)
    answers = _stamp(base.filter(pl.Series(answered)).with_columns(consent.alias("marketing_consent")), changed_on[answered])
    ended = records["gone"].to_numpy() < NEVER
    gone = _stamp(base.filter(pl.Series(ended)).with_columns(pl.lit(True).alias("_gone")), records["gone"].to_numpy()[ended])
    records = records.with_columns(seen["linkable"], seen["name"], seen["mobile"])
    return records, table(("client_id",), base, changes, answers, gone)


def _stamp(rows: pl.DataFrame, days: np.ndarray) -> pl.DataFrame:
    """The rows as changed on the given days."""
    stamped = rows.with_columns(pl.Series("_from", days).cast(rows.schema["_from"]))
    if "updated_at" in rows.columns:
        stamped = stamped.with_columns((iso("_from") + pl.col("updated_at").str.slice(10)).alias("updated_at"))
    return stamped


def _states(policies: pl.DataFrame) -> pl.DataFrame:
    """One row per turn of each policy after the first delivery, and one for its state at the first delivery."""
    turns = [name for name, _ in EVENTS]
    moments = policies.select("policy", *turns).unpivot(turns, index="policy", value_name="_from").filter(pl.col("_from") < NEVER)
    moments = moments.select("policy", pl.col("_from").cast(pl.Int64)).unique().sort("_from", "policy")
    early = moments.filter(pl.col("_from") <= FIRST_DELIVERY).group_by("policy", maintain_order=True).agg(pl.col("_from").max())
    moments = pl.concat([early, moments.filter(pl.col("_from") > FIRST_DELIVERY)])
    rows = moments.join(policies, on="policy", how="left", maintain_order="left")
    status, since = pl.lit("ACTIVE"), pl.col("effective")
    steps = (
        ("lapse", pl.lit("LAPSED")),
        ("reinstate", pl.lit("ACTIVE")),
        ("paidup", pl.lit("PAIDUP")),
        ("end", pl.col("end_status")),
        ("cancel", pl.lit("CANCELLED")),
    )
    for turn, name in steps:
        passed = pl.col(turn) <= pl.col("_from")
        status, since = (
            pl.when(passed).then(name).otherwise(status),
            pl.when(passed).then(pl.col(turn)).otherwise(since),
        )
    agent = pl.when(pl.col("agent_change") <= pl.col("_from")).then("new_agent_code").otherwise("agent_code")
    return rows.with_columns(status.alias("status"), since.alias("status_on"), agent.alias("agent_code"))


def _life_policies(policies: pl.DataFrame, chance: Chance) -> Table:
    rows = _states(policies)
    times = pl.lit(clock(chance, policies.height)).gather(pl.col("policy").rank("dense").cast(pl.Int64) - 1)
    made = rows.select(
        "policy_no",
        "channel",
        "branch_code",
        "product_code",
        "agent_code",
        "partner_code",
        "partner_agent_code",
        iso("applied").alias("applied_on"),
        iso("issued").alias("issued_on"),
        iso("effective").alias("effective_on"),
        iso("cooling_off").alias("cooling_off_until"),
        "status",
        iso("status_on").alias("status_on"),
        "pay_mode",
        pl.when(pl.col("pay_years") > 0).then("pay_years").cast(pl.String).alias("pay_term_years"),
        pl.when(pl.col("cover_years") > 0).then("cover_years").cast(pl.String).alias("cover_term_years"),
        yuan("premium").alias("modal_premium"),
        yuan("sum_insured").alias("sum_insured"),
        (iso("_from") + "T" + times).alias("updated_at"),
        "_from",
        pl.lit(False).alias("_gone"),
    )
    return table(("policy_no",), made)


def _life_parties(parties: pl.DataFrame, chance: Chance) -> Table:
    made = parties.select(
        "policy_no",
        "role",
        pl.col("seq").cast(pl.String),
        "client_id",
        pl.col("relation").alias("relation_to_holder"),
        pl.when(pl.col("role") == "BENEFICIARY")
        .then(pl.format("{}.00", 100 // pl.len().over("policy_no", "role")))
        .alias("share_pct"),
        (iso("since") + "T" + pl.lit(clock(chance, parties.height))).alias("updated_at"),
        pl.col("since").alias("_from"),
        pl.lit(False).alias("_gone"),
    )
    heirs = np.flatnonzero((made["role"] == "BENEFICIARY").to_numpy())
    struck = chance.rng.permutation(heirs)[: max(2, len(heirs) // 200)]
    days = np.maximum(made["_from"].to_numpy()[struck] + 10, chance.whole(day("2026-02-03"), day("2026-04-25"), len(struck)))
    gone = _stamp(made[pl.Series(struck)].with_columns(pl.lit(True).alias("_gone")), days)
    return table(("policy_no", "role", "seq"), made, gone)


def due_versions(dues: pl.DataFrame) -> pl.DataFrame:
    """Instalments as they appear, are paid (in part), or set back; what was over at the first delivery once."""
    blank = dues.with_columns(pl.lit(0).alias("amount_paid"), pl.lit(NEVER).alias("paid_on"))
    open_ = blank.filter(pl.col("paid") > pl.max_horizontal("appears", FIRST_DELIVERY)).with_columns(
        pl.col("appears").alias("_from")
    )
    part = dues.filter(pl.col("part_paid") < NEVER).with_columns(
        (pl.col("amount_due") // 3 // 100 * 100).alias("amount_paid"),
        pl.col("part_paid").alias("paid_on"),
        pl.col("part_paid").alias("_from"),
    )
    settled = dues.filter(
        (pl.col("paid") < NEVER) & ((pl.col("cancel") > FIRST_DELIVERY) | (pl.col("cancel") < pl.col("paid")))
    ).with_columns(pl.col("amount_due").alias("amount_paid"), pl.col("paid").alias("paid_on"), pl.col("paid").alias("_from"))
    back = blank.filter(pl.col("cancel") < NEVER).with_columns(pl.col("cancel").alias("_from"))
    return pl.concat([open_, part, settled, back], how="diagonal_relaxed")


def _dues(dues: pl.DataFrame, chance: Chance) -> Table:
    rows = due_versions(dues)
    unpaid = pl.when(pl.col("policy") % 3 == 0).then(None).otherwise(pl.lit("0.00"))
    made = rows.select(
        "policy_no",
        pl.col("instalment_no").cast(pl.String),
        iso("due").alias("due_on"),
        yuan("amount_due").alias("amount_due"),
        pl.when(pl.col("amount_paid") == 0).then(unpaid).otherwise(yuan("amount_paid")).alias("amount_paid"),
        iso("paid_on").alias("paid_on"),
        (iso("_from") + "T" + pl.lit(clock(chance, rows.height))).alias("updated_at"),
        "_from",
        pl.lit(False).alias("_gone"),
    )
    return table(("policy_no", "instalment_no"), made)


def events_of(policies: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    """The turns of each policy in order of time, numbered; a few are recorded days later."""
    rank = {name: i for i, (name, _) in enumerate(EVENTS)}
    ends = pl.col("end_status").replace_strict(END_EVENTS, return_dtype=pl.String)
    rows = policies.unpivot(
        list(rank),
        index=["policy", "policy_no", "end_status", "agent_code", "new_agent_code"],
        variable_name="turn",
        value_name="on",
    )
    rows = rows.filter(pl.col("on") < NEVER).with_columns(
        pl.when(pl.col("turn") == "end").then(ends).otherwise(pl.col("turn").replace_strict(dict(EVENTS))).alias("event_type"),
        pl.col("turn").replace_strict(rank).alias("rank"),
    )
    rows = rows.filter(pl.col("event_type").is_not_null()).sort("policy", "on", "rank")
    late = chance.whole(1, 3, rows.height) * chance.hit(0.03, rows.height)
    rows = rows.with_columns((pl.col("on") + pl.Series(late)).alias("_from"))
    return rows.with_columns(pl.col("_from").cum_max().over("policy"), pl.col("on").cum_count().over("policy").alias("event_no"))


def _life_events(policies: pl.DataFrame, parties: pl.DataFrame, chance: Chance) -> Table:
    holders = (
        parties.filter(pl.col("role") == "HOLDER")
        .group_by("policy", maintain_order=True)
        .agg(pl.col("client_id").first().alias("old"), pl.col("client_id").last().alias("new"))
    )
    rows = events_of(policies, chance).join(holders, on="policy", how="left", maintain_order="left")
    detail = (
        pl.when(pl.col("event_type") == "CHANGE_AGENT")
        .then(_json_pair("agent_code", "new_agent_code"))
        .when(pl.col("event_type") == "CHANGE_HOLDER")
        .then(_json_pair("old", "new"))
        .when(pl.col("policy") % 2 == 0)
        .then(pl.lit("{}"))
    )
    made = rows.select(
        "policy_no",
        pl.col("event_no").cast(pl.String).alias("event_seq"),
        "event_type",
        iso("on").alias("event_on"),
        (iso("_from") + "T" + pl.lit(clock(chance, rows.height))).alias("recorded_at"),
        detail.alias("detail"),
        "_from",
    )
    return table(("policy_no", "event_seq"), made)


def _json_pair(old: str, new: str) -> pl.Expr:
    return pl.concat_str(pl.lit('{"from": "'), old, pl.lit('", "to": "'), new, pl.lit('"}'))


def _claims(policies: pl.DataFrame, parties: pl.DataFrame, chance: Chance) -> Table:
    """Death claims of ended policies, others on policies that cover them; open, then paid or rejected."""
    n = policies.height
    issued, end = policies["issued"].to_numpy(), policies["end"].to_numpy()
    status, line = policies["end_status"].to_numpy(), policies["line"].to_numpy()
    ended = (end < NEVER) & np.isin(status, ("DEATH", "REPUDIATED"))
    covered = np.isin(line, ("CI", "MEDICAL", "ACCIDENT")) & ~ended & (policies["cancel"].to_numpy() == NEVER)
    sick = chance.hit(0.05, n) & covered
    reported = np.where(ended, end - 12, issued + chance.whole(90, 1200, n))
    decided = np.where(ended, end, reported + chance.whole(5, 60, n))
    sick[np.flatnonzero(covered)[:12]] = True
    waiting = np.flatnonzero(covered & (end > day("2026-04-30")) & (issued < day("2026-01-01")))[-3:]
    sick[waiting], reported[waiting], decided[waiting] = True, day("2026-04-11"), NEVER  # still open at the end
    sick &= reported < np.minimum(end, day("2026-04-30"))
    kind = np.where(ended, "DEATH", line)
    refused = (status == "REPUDIATED") & ended | (sick & chance.hit(0.15, n))
    share = np.where(kind == "MEDICAL", 3, np.where(kind == "ACCIDENT", 20, 100))
    amount = policies["sum_insured"].to_numpy() * share // 100
    insured = parties.filter((pl.col("role") == "INSURED") & (pl.col("seq") == 1)).select("policy", "client_id")
    rows = policies.select("policy", "policy_no").with_columns(
        pl.Series("claim_type", kind.tolist(), dtype=pl.String),
        pl.Series("reported", reported),
        pl.Series("decided", decided),
        pl.Series("refused", refused),
        pl.Series("amount", amount),
        pl.Series("chosen", ended | sick),
    )
    rows = rows.filter("chosen").join(insured, on="policy", how="inner", maintain_order="left").sort("reported", "policy")
    rows = rows.with_columns(pl.format("CL{}", (pl.int_range(pl.len()) + 1).cast(pl.String).str.zfill(9)).alias("claim_no"))
    time = pl.lit(clock(chance, rows.height))
    common = [pl.col("claim_no", "policy_no", "client_id", "claim_type"), iso("reported").alias("reported_on")]
    opened = rows.select(
        *common,
        pl.lit(None, dtype=pl.String).alias("decided_on"),
        pl.lit("OPEN").alias("decision"),
        pl.lit(None, dtype=pl.String).alias("amount_paid"),
        (iso("reported") + "T" + time).alias("updated_at"),
        pl.col("reported").alias("_from"),
        pl.lit(False).alias("_gone"),
    )
    closed = rows.select(
        *common,
        iso("decided").alias("decided_on"),
        pl.when("refused").then(pl.lit("REJECTED")).otherwise(pl.lit("PAID")).alias("decision"),
        pl.when("refused").then(pl.lit("0.00")).otherwise(yuan("amount")).alias("amount_paid"),
        (iso("decided") + "T" + time).alias("updated_at"),
        pl.col("decided").alias("_from"),
        pl.lit(False).alias("_gone"),
    )
    return table(("claim_no",), opened, closed)


def _products(company: Company) -> Table:
    rows = company.products.with_columns(pl.col("on_sale_from", "on_sale_to").cast(pl.String))
    columns = ["product_code", "name", "line", "on_sale_from", "on_sale_to", "channels"]
    return table(("product_code",), rows.select(*columns, pl.lit(0).alias("_from")))


def core_banca(world: World) -> Core:
    """The legacy system of the bancassurance channel: fixed codes, fen, eight-digit dates."""
    people, chance, made = world.people, world.chance("core_banca"), world.policies
    policies = made.policies.filter(pl.col("channel") == "BANCA")
    holders = policies.select("policy", pl.col("holder").alias("person"), "issued", pl.lit("holder").alias("role"))
    insured = policies.select("policy", pl.col("insured").alias("person"), "issued", pl.lit("insured").alias("role"))
    roles = pl.concat([holders, insured])
    twice = chance.hit(0.05, people.height)[roles["person"].to_numpy()]
    roles = roles.with_columns(pl.Series("variant", np.where(twice, roles["policy"].to_numpy() % 2, 0)))
    records = (
        roles.group_by("person", "variant", maintain_order=True)
        .agg(pl.col("issued").min().alias("since"))
        .sort("since", "person", "variant")
    )
    records = records.with_columns(
        (pl.int_range(pl.len()) + 10_001).cast(pl.String).str.zfill(10).alias("record"), pl.lit(NEVER).alias("gone")
    )
    numbers = roles.join(
        records.select("person", "variant", "record"), on=["person", "variant"], how="left", maintain_order="left"
    )
    for role in ("holder", "insured"):
        cust = numbers.filter(pl.col("role") == role).select("policy", pl.col("record").alias(f"{role}_record"))
        policies = policies.join(cust, on="policy", how="left", maintain_order="left")
    seen = describe(world, records["person"].to_numpy(), records["since"].to_numpy(), chance, BANCA_HABIT)
    dues = made.instalments.join(policies.select("policy", "policy_no"), on="policy", how="inner", maintain_order="left")
    tables = {
        "CUST": _banca_customers(records, seen, people, chance),
        "POLY": _banca_policies(policies),
        "PREM": _banca_premiums(dues),
        "EVNT": _banca_events(policies, chance),
    }
    return Core(tables, records.with_columns(seen["linkable"], seen["name"], seen["mobile"]), policies)


def _compact(days: str | pl.Expr, never: str = "") -> pl.Expr:
    """Day numbers as YYYYMMDD."""
    return iso(days).str.replace_all("-", "").fill_null(never)


def _banca_customers(records: pl.DataFrame, seen: pl.DataFrame, people: pl.DataFrame, chance: Chance) -> Table:
    n = records.height
    pad = chance.index(20, n)
    name = pl.col("name").str.replace_all("|", "", literal=True)
    padded = (
        pl.when(pl.lit(pl.Series(pad == 0)))
        .then(name + "　　　")
        .when(pl.lit(pl.Series(pad < 3)))
        .then(pl.lit(" ") + name + "      ")
        .otherwise(name)
    )
    since = records["since"].to_numpy()
    code = lambda column, mapping, empty: pl.col(column).replace_strict(mapping, default=empty, return_dtype=pl.String)  # noqa: E731
    made = seen.select(
        records["record"].alias("cust_no"),
        padded.alias("name"),
        code("sex", {"M": "1", "F": "2"}, "9").alias("sex"),
        pl.col("birth_date").dt.strftime("%Y%m%d").fill_null("00000000").alias("birth_date"),
        code("id_type", vocab.BANCA_ID, "99").alias("id_type"),
        pl.when(pl.lit(pl.Series(pad == 4))).then(pl.col("id_number") + "  ").otherwise("id_number").alias("id_number"),
        "mobile",
        pl.when(pl.lit(pl.Series(chance.hit(0.1, n))))
        .then(pl.format("025-{} ", pl.lit(pl.Series(chance.whole(80_000_000, 89_999_999, n)))))
        .alias("phone"),
        pl.when(pl.lit(pl.Series(pad == 5))).then(pl.lit("　") + pl.col("address")).otherwise("address").alias("address"),
        "region_code",
        (pl.col("annual_income") * 100 // 12).cast(pl.String).alias("monthly_income"),
        code("marital_status", vocab.BANCA_MARITAL, "9").alias("marital_status"),
        code("education", vocab.BANCA_EDUCATION, "9").alias("education"),
        code("consent", {"Y": "1", "N": "0"}, None).alias("consent"),
        _compact(pl.lit(pl.Series(since))).alias("first_date"),
        _compact(pl.lit(pl.Series(since))).alias("last_change_date"),
        pl.lit(pl.Series(since)).alias("_from"),
    )
    moved = people["mobile_changed"].to_numpy()[records["person"].to_numpy()]
    renewed = (moved > since) & (moved < NEVER) & chance.hit(0.5, n)
    new = people["mobile"].gather(records["person"].to_numpy()[renewed])
    changes = _stamp(made.filter(pl.Series(renewed)), moved[renewed]).with_columns(
        new.alias("mobile"), _compact("_from").alias("last_change_date")
    )
    return table(("cust_no",), made, changes)


def _banca_policies(policies: pl.DataFrame) -> Table:
    rows = _states(policies)
    code = lambda column, mapping: pl.col(column).replace_strict(mapping, return_dtype=pl.String)  # noqa: E731
    made = rows.select(
        "policy_no",
        pl.col("holder_record").alias("holder_cust_no"),
        pl.col("insured_record").alias("insured_cust_no"),
        code("relation", vocab.BANCA_RELATION).alias("relation"),
        "product_code",
        "branch_code",
        "bank_code",
        "outlet_code",
        "bank_staff_code",
        _compact("applied").alias("applied_on"),
        _compact("issued").alias("issued_on"),
        _compact("effective").alias("effective_on"),
        _compact("cooling_off").alias("cooling_off_until"),
        code("status", vocab.BANCA_STATUS).alias("status"),
        _compact("status_on").alias("status_on"),
        code("pay_mode", vocab.BANCA_PAY_MODE).alias("pay_mode"),
        pl.when(pl.col("pay_years") > 0).then("pay_years").cast(pl.String).alias("pay_term_years"),
        pl.when(pl.col("cover_years") > 0).then("cover_years").otherwise(999).cast(pl.String).alias("cover_term_years"),
        pl.col("premium").cast(pl.String),
        pl.col("sum_insured").cast(pl.String),
        "_from",
    )
    return table(("policy_no",), made)


def _banca_premiums(dues: pl.DataFrame) -> Table:
    rows = due_versions(dues)
    never = pl.when(pl.col("policy") % 2 == 0).then(pl.lit("")).otherwise(pl.lit("00000000"))
    made = rows.select(
        "policy_no",
        pl.col("instalment_no").cast(pl.String),
        _compact("due").alias("due_on"),
        pl.col("amount_due").cast(pl.String),
        pl.col("amount_paid").cast(pl.String),
        pl.when(pl.col("paid_on") < NEVER).then(_compact("paid_on")).otherwise(never).alias("paid_on"),
        "_from",
    )
    return table(("policy_no", "instalment_no"), made)


def _banca_events(policies: pl.DataFrame, chance: Chance) -> Table:
    rows = events_of(policies.with_columns(pl.lit(NEVER).alias("holder_change"), pl.lit(NEVER).alias("agent_change")), chance)
    made = rows.select(
        "policy_no",
        pl.col("event_no").cast(pl.String),
        pl.col("event_type").replace_strict(vocab.BANCA_EVENT).alias("event_type"),
        _compact("on").alias("event_on"),
        _compact("_from").alias("recorded_on"),
        "_from",
    )
    return table(("policy_no", "event_no"), made)
