"""What people keep by hand in the three channels: agency administration, broker workbooks, the bank desk."""

import hashlib
from dataclasses import dataclass

import numpy as np
import polars as pl

from sample import vocab
from sample.chance import NEVER, Chance, day
from sample.company import Company
from sample.cores import Core
from sample.describe import Habit, describe
from sample.people import LAST_DAY, check_digit
from sample.tables import Table, iso, table
from sample.world import World

RECORD = ["person", "record", "since", "gone", "linkable", "name", "mobile"]
PROSPECT_HABIT = Habit(mobile_share=0.97, birth_share=0.35, honorific=0.004)
BROKER_HABIT = Habit(id_share=0.93, mobile_share=0.93, birth_share=0.85)
LEAD_HABIT = Habit(id_share=0.25, mobile_share=0.92, birth_share=0.4, honorific=0.01)
REFERRAL_HABIT = Habit(id_share=0.8, mobile_share=0.97, honorific=0.004)
EXCEL_EPOCH = day("1899-12-30")


@dataclass(frozen=True)
class Desk:
    """Tables of one hand-kept source and its person records."""

    tables: dict[str, Table]
    records: pl.DataFrame


def dated(days: str, shape: pl.Series) -> pl.Expr:
    """Dates in the three shapes of the agency system, one shape a row."""
    text = iso(days)
    slash = pl.format(
        "{}/{}/{}",
        text.str.slice(0, 4),
        text.str.slice(5, 2).str.strip_chars_start("0"),
        text.str.slice(8, 2).str.strip_chars_start("0"),
    )
    return pl.when(shape == 0).then(text).when(shape == 1).then(slash).otherwise(text.str.replace_all("-", ""))


def agency(world: World, life: Core) -> Desk:
    """channel_individual: agents, their training, and the prospects they registered."""
    company, chance = world.company, world.chance("agency")
    prospects, records = _prospects(world, life, chance)
    return Desk({"agents": _agents(company, chance), "training": _training(company, chance), "prospects": prospects}, records)


def _agents(company: Company, chance: Chance) -> Table:
    agents = company.agents
    n = agents.height
    born = agents.select(pl.col("born")).with_columns(iso("born").str.replace_all("-", "").alias("text"))
    ids = pl.Series(chance.pick(("320102", "440106", "510107", "330106"), n).tolist()) + born["text"]
    sequence = pl.Series(chance.whole(100, 499, n) * 2 + (agents["sex"] == "男").to_numpy()).cast(pl.String)
    first = pl.DataFrame({"f": ids + sequence})
    full_id = first.select(pl.col("f") + check_digit(pl.col("f"))).to_series()
    shape = [pl.Series(chance.index(3, n)) for _ in range(3)]
    made = agents.select(
        pl.col("agent_code").alias("工号"),
        pl.col("name").alias("姓名"),
        pl.col("sex").alias("性别"),
        dated("born", shape[0]).alias("出生日期"),
        full_id.alias("身份证号"),
        pl.col("education").alias("学历"),
        dated("joined", shape[1]).alias("入司日期"),
        dated("left", shape[2]).alias("离职日期"),
        pl.col("job_level").alias("职级"),
        pl.col("branch_code").alias("所属机构"),
        pl.col("sales_area").alias("营业区"),
        pl.col("mobile").alias("手机号"),
        pl.col("insurance_years").cast(pl.String).alias("保险从业年限"),
        pl.col("related_work_years").cast(pl.String).alias("相关工作年限"),
        pl.col("interview_rounds").cast(pl.String).alias("面试轮数"),
        pl.col("joined").alias("_from"),
        pl.col("left").alias("_left"),
    )
    before = made.with_columns(pl.lit(None, dtype=pl.String).alias("离职日期")).drop("_left")
    after = made.filter(pl.col("_left") < NEVER).with_columns(pl.col("_left").alias("_from")).drop("_left")
    return table(("工号",), before, after)


def _training(company: Company, chance: Chance) -> Table:
    agents = company.agents
    times = chance.whole(2, 7, agents.height)
    row = np.repeat(np.arange(agents.height), times)
    n = len(row)
    seat = np.arange(n) - np.repeat(np.cumsum(times) - times, times)
    joined, left = agents["joined"].to_numpy()[row], np.minimum(agents["left"].to_numpy()[row], LAST_DAY)
    done = joined + (chance.rng.random(n) * np.maximum(left - joined, 1)).astype(int)
    early = (seat == 0) & chance.hit(0.85, n)
    done = np.where(early, np.minimum(joined + chance.whole(0, 95, n), left), done)
    category = np.where(early, "合规", chance.deal(tuple(vocab.COURSES), n))
    course = chance.whole(0, 9, n)
    score = chance.whole(450, 1000, n)
    rows = pl.DataFrame(
        {"工号": agents["agent_code"].gather(row), "类别": category.tolist(), "n": course, "done": done, "score": score}
    )
    rows = rows.with_columns(pl.format("{}00{}", pl.col("类别").replace_strict(vocab.COURSES), "n").alias("课程代码"))
    made = rows.select(
        "工号",
        "课程代码",
        (pl.col("类别").replace_strict(vocab.COURSE_NAMES) + pl.col("n").cast(pl.String)).alias("课程名称"),
        "类别",
        pl.Series("形式", chance.deal(vocab.COURSE_FORMS, n).tolist()),
        dated("done", pl.Series(chance.index(3, n))).alias("完成日期"),
        pl.format("{}.{}", pl.col("score") // 10, pl.col("score") % 10).alias("成绩"),
        pl.when(pl.col("score") >= 600).then(pl.lit("是")).otherwise(pl.lit("否")).alias("是否通过"),
        pl.col("done").alias("_from"),
    )
    made = made.unique(("工号", "课程代码", "_from"), keep="first", maintain_order=True)
    return table(("工号", "课程代码", "完成日期"), made)


def _prospects(world: World, life: Core, chance: Chance) -> tuple[Table, pl.DataFrame]:
    """Later holders registered before they bought, and others who have not bought (yet)."""
    people, agents = world.people, world.company.agents
    bought = (
        life.policies.filter(pl.col("channel") == "IND")
        .group_by("holder", maintain_order=True)
        .agg(pl.col("issued").min(), pl.col("agent_code").first())
    )
    bought = bought.filter(pl.Series(chance.hit(0.24, bought.height)))
    others = np.flatnonzero((people["age"].to_numpy() >= 19) & chance.hit(0.16, people.height))
    seller = chance.index(agents.height, len(others))
    person = np.concatenate([bought["holder"].to_numpy(), others])
    n = len(person)
    since = np.concatenate(
        [
            bought["issued"].to_numpy() - chance.whole(5, 300, bought.height),
            chance.whole(day("2019-01-01"), LAST_DAY, len(others)),
        ]
    )
    agent = pl.concat([bought["agent_code"], agents["agent_code"].gather(seller)])
    order = np.argsort(since, kind="stable")
    person, since, agent = person[order], since[order], agent.gather(order)
    seen = describe(world, person, since, chance, PROSPECT_HABIT)
    number = pl.Series([f"XS{10_000_000 + 2 * i}" for i in range(n)])
    tags = chance.deal((*vocab.PROSPECT_TAGS, "老客户推荐;健康意识强", "有车;有房", ""), n)
    days = pl.DataFrame({"since": since, "born": (seen["birth_date"].cast(pl.Int32)).fill_null(NEVER)})
    dates = days.select(
        dated("born", pl.Series(chance.index(3, n))).alias("born"),
        dated("since", pl.Series(chance.index(3, n))).alias("since"),
    )
    made = seen.select(
        number.alias("线索号"),
        pl.col("name").alias("姓名"),
        pl.col("sex").replace_strict({"M": "男", "F": "女"}, default=None).alias("性别"),
        dates["born"].alias("出生日期"),
        pl.col("mobile").alias("手机号"),
        pl.Series("来源", chance.deal(vocab.PROSPECT_ORIGINS, n).tolist()),
        dates["since"].alias("登记日期"),
        agent.alias("工号"),
        pl.col("annual_income").cast(pl.String).alias("年收入"),
        pl.Series("标签", tags.tolist()),
        pl.col("consent").replace_strict({"Y": "是", "N": "否"}, default=None).alias("营销同意"),
        pl.Series("_from", since),
        pl.lit(False).alias("_gone"),
    )
    gone = np.full(n, NEVER)
    leavers = chance.sample(max(1, n // 3), max(3, n // 300))
    gone[leavers] = chance.whole(day("2026-02-03"), day("2026-04-20"), len(leavers))
    ended = made.filter(pl.Series(gone < NEVER)).with_columns(pl.Series("_from", gone[gone < NEVER]), pl.lit(True).alias("_gone"))
    true = pl.col("_name_true") & (pl.col("_mobile_true") | pl.col("_birth_true"))
    records = seen.select(
        "person",
        number.alias("record"),
        pl.Series("since", since),
        pl.Series("gone", gone),
        true.alias("linkable"),
        "name",
        "mobile",
    )
    return table(("线索号",), made, ended), records.with_columns(agent.alias("agent_code"))


@dataclass(frozen=True)
class BookStyle:
    """How one partner fills in its workbook: constant over time, as people's habits are."""

    columns: tuple[str, ...]
    title_rows: int
    indent: int
    birth: str  # iso, slash, compact, serial, date
    mobile_as_number: bool
    policy_as_number: bool
    has_total: bool
    has_signature: bool
    total_label: str = "合计"
    has_trap: bool = False  # below the total stands what looks like a customer and counts nowhere


ALIASES = {
    "name": ("客户姓名", "姓名", "投保人"),
    "id_type": ("证件类型",),
    "id_number": ("证件号码", "身份证号"),
    "mobile": ("手机号", "联系电话", "手机"),
    "birth_date": ("出生日期",),
    "sex": ("性别",),
    "annual_income": ("年收入",),
    "policy_no": ("保单号",),
    "remark": ("备注",),
    "tags": ("标签",),
}


def book_style(partner: int, seed: int) -> BookStyle:
    """The habits of partner number `partner`; the first ones between them show every habit."""
    chance = Chance(seed, f"book {partner}")
    names = [aliases[partner % len(aliases)] for aliases in ALIASES.values()]
    order = chance.rng.permutation(len(names)) if partner % 3 else np.arange(len(names))
    columns = tuple(names[i] for i in order)
    return BookStyle(
        columns=(*columns, "序号") if partner % 2 else columns,
        title_rows=(0, 1, 2, 3)[partner % 4],
        indent=partner % 3 % 2,
        birth=("iso", "slash", "compact", "serial", "date")[partner % 5],
        mobile_as_number=partner % 4 == 0,
        policy_as_number=partner % 5 == 1,
        has_total=partner % 3 != 1,
        has_signature=partner % 3 != 2,
        total_label=("合计", "小计", "总计")[partner // 3 % 3],
        has_trap=partner % 6 == 5,
    )


def brokers(world: World, life: Core) -> Desk:
    """channel_broker: each partner's list of its policyholders and leads, as one table with a `partner` column."""
    people, company, chance = world.people, world.company, world.chance("brokers")
    sold = life.policies.filter((pl.col("channel") == "BRK") & pl.Series(chance.hit(0.93, life.policies.height)))
    leads = max(12, people.height // 40)
    person = np.concatenate(
        [sold["holder"].to_numpy(), chance.rng.permutation(np.flatnonzero(people["age"].to_numpy() >= 19))[:leads]]
    )
    leads = len(person) - sold.height
    n = len(person)
    partner = np.concatenate(
        [
            sold["partner"].to_numpy(),
            chance.index(company.partners.height, leads, company.partners["weight"].to_numpy()),
        ]
    )
    since = np.concatenate(
        [sold["issued"].to_numpy() + chance.whole(1, 12, sold.height), chance.whole(day("2024-01-01"), LAST_DAY, leads)]
    )
    is_lead = np.arange(n) >= sold.height
    known = describe(world, person, since, chance, BROKER_HABIT)
    vague = describe(world, person, since, chance, LEAD_HABIT)
    seen = pl.concat([known.filter(~pl.Series(is_lead)), vague.filter(pl.Series(is_lead))])
    wan = pl.lit(pl.Series(chance.hit(0.3, n)))
    income = pl.col("annual_income")
    made = seen.select(
        pl.lit(pl.Series(partner)).alias("partner"),
        company.partners["partner_code"].gather(partner).alias("partner_code"),
        "name",
        pl.col("id_type").replace_strict(vocab.BROKER_ID).alias("id_type"),
        "id_number",
        "mobile",
        pl.col("birth_date").cast(pl.Int32).fill_null(NEVER).alias("birth"),
        pl.col("sex").replace_strict({"M": "男", "F": "女"}, default=None).alias("sex"),
        pl.when(wan)
        .then(pl.format("{}.{}万", income // 10_000, income // 1000 % 10))
        .otherwise(income.cast(pl.String))
        .alias("annual_income"),
        pl.concat([sold["policy_no"], pl.Series([None] * leads, dtype=pl.String)]).alias("policy_no"),
        pl.Series("remark", chance.pick((*vocab.BROKER_REMARKS, None, None), n).tolist(), dtype=pl.String),
        pl.Series("tags", chance.pick((*vocab.BROKER_TAGS, None, None, None), n).tolist(), dtype=pl.String),
        pl.lit(pl.Series(since)).alias("_from"),
    )
    made = made.with_columns(
        pl.when(pl.col("id_number").is_not_null() | pl.lit(pl.Series(chance.hit(0.5, n)))).then("id_type").alias("id_type")
    )
    keys = _record_ids(made, world.seed)
    moved = people["mobile_changed"].to_numpy()[person]
    renewed = (moved > since) & (moved <= LAST_DAY) & chance.hit(0.5, n) & ~is_lead
    changes = made.with_columns(keys.alias("record")).filter(pl.Series(renewed))
    changes = changes.with_columns(people["mobile"].gather(person[renewed]).alias("mobile"), pl.Series("_from", moved[renewed]))
    records = seen.select(
        "person",
        keys.alias("record"),
        pl.Series("since", since),
        pl.lit(NEVER).alias("gone"),
        "linkable",
        "name",
        "mobile",
    )
    records = records.with_columns(
        made["partner_code"], pl.Series("branch_code", [*sold["branch_code"].to_list(), *[None] * leads])
    )
    records = records.unique("record", keep="first", maintain_order=True)
    return Desk({"customers": table(("record",), made.with_columns(keys.alias("record")), changes)}, records)


def birth_text(birth: int, style: str) -> str:
    """A birthday as the workbook's cell reads as text: serial numbers as digits, real dates as ISO."""
    if birth >= NEVER:
        return ""
    date = str(np.datetime64(int(birth), "D"))
    if style == "slash":
        year, month, of_month = date.split("-")
        return f"{year}/{int(month)}/{int(of_month)}"
    return {"compact": date.replace("-", ""), "serial": str(int(birth) - EXCEL_EPOCH)}.get(style, date)


def _record_ids(rows: pl.DataFrame, seed: int) -> pl.Series:
    """Partner and policy number, or for leads the hash of the cells as delivered."""
    styles = {p: book_style(p, seed).birth for p in rows["partner"].unique().to_list()}
    leads = rows.filter(pl.col("policy_no").is_null())
    hashes = []
    for partner, name, number, mobile, birth in leads.select("partner", "name", "id_number", "mobile", "birth").iter_rows():
        text = "|".join((name or "", number or "", mobile or "", birth_text(birth, styles[partner])))
        hashes.append(hashlib.sha256(text.encode()).hexdigest()[:16])
    own = rows.filter(pl.col("policy_no").is_not_null())["policy_no"]
    return rows["partner_code"] + ":" + pl.concat([own, pl.Series(hashes, dtype=pl.String)])


def bank_desk(world: World, banca: Core) -> Desk:
    """channel_banca: outlets, and referrals of which some became policies."""
    people, company, chance = world.people, world.company, world.chance("bank_desk")
    sold = banca.policies.filter(pl.Series(chance.hit(0.35, banca.policies.height)))
    others = np.flatnonzero((people["age"].to_numpy() >= 22) & chance.hit(0.09, people.height))
    outlets = company.outlets
    outlet = chance.index(outlets.height, len(others))
    person = np.concatenate([sold["holder"].to_numpy(), others])
    since = np.concatenate(
        [
            sold["issued"].to_numpy() - chance.whole(0, 60, sold.height),
            chance.whole(day("2021-01-01"), LAST_DAY, len(others)),
        ]
    )
    result = np.concatenate([np.full(sold.height, "1"), chance.pick(("2", "0"), len(others), (0.6, 0.4)).astype(str)])
    bank = pl.concat([sold["bank_code"], outlets["bank_code"].gather(outlet)])
    code = pl.concat([sold["outlet_code"], outlets["outlet_code"].gather(outlet)])
    branch = pl.concat([sold["branch_code"], outlets["branch_code"].gather(outlet)])
    order = np.argsort(since, kind="stable")
    person, since, result = person[order], since[order], result[order]
    n = len(person)
    seen = describe(world, person, since, chance, REFERRAL_HABIT)
    number = pl.Series([f"R{1000 + 3 * i:09d}" for i in range(n)])
    made = seen.select(
        number.alias("referral_no"),
        bank.gather(order).alias("bank_code"),
        code.gather(order).alias("outlet_code"),
        pl.col("name").str.replace_all("|", "", literal=True),
        "mobile",
        pl.when(pl.col("_id_true") & (pl.col("id_type") == "ID")).then(pl.col("id_number").str.slice(-4)).alias("id_last4"),
        iso(pl.lit(pl.Series(since))).str.replace_all("-", "").alias("referred_on"),
        pl.Series("interest", chance.deal(vocab.INTERESTS, n).tolist()),
        pl.Series("result", result.tolist()),
        pl.lit(pl.Series(since)).alias("_from"),
    )
    true = pl.col("_name_true") & pl.col("_mobile_true")
    records = seen.select(
        "person",
        number.alias("record"),
        pl.Series("since", since),
        pl.lit(NEVER).alias("gone"),
        true.alias("linkable"),
        "name",
        "mobile",
    )
    books = outlets.select(
        pl.col("bank_code").alias("银行代码"),
        pl.col("bank_name").alias("银行名称"),
        pl.col("outlet_code").alias("网点代码"),
        pl.col("outlet_name").alias("网点名称"),
        pl.col("branch_code").alias("所属机构"),
        pl.col("state").alias("状态"),
        pl.lit(0).alias("_from"),
    )
    tables = {"outlets": table(("银行代码", "网点代码"), books), "referrals": table(("referral_no",), made)}
    return Desk(tables, records.with_columns(branch.gather(order).alias("branch_code")))
