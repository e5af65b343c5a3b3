"""The three official accounts: followers, bindings, events, campaigns, tags, and the agents' learning."""

import numpy as np
import polars as pl

from sample import vocab
from sample.chance import NEVER, Chance, day
from sample.company import Company
from sample.cores import Core
from sample.desks import Desk
from sample.people import LAST_DAY
from sample.tables import Table, clock, iso, table
from sample.world import World

ACCOUNTS = ("wechat_individual", "wechat_broker", "wechat_banca")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SPOUSES_PHONE = {"usual": 0.0, "heavy": 0.015}  # share of married followers who bind with the husband's or wife's number
BOUND_TO_PLATFORM = {"wechat_broker": day("2026-04-02")}  # until then this account's followers have no unionid


def text(value: str | pl.Expr) -> pl.Expr:
    """A JSON string."""
    column = pl.col(value) if isinstance(value, str) else value
    escaped = column.str.replace_many(["\\", '"', "\n"], ["\\\\", '\\"', "\\n"])
    return pl.concat_str(pl.lit('"'), escaped, pl.lit('"'))


def json_object(**fields: pl.Expr) -> pl.Expr:
    """A JSON object; a field whose value is null is absent."""
    parts = [pl.when(v.is_not_null()).then(pl.concat_str(pl.lit(f'"{k}": '), v)) for k, v in fields.items()]
    return pl.concat_str(pl.lit("{"), pl.concat_str(parts, separator=", ", ignore_nulls=True), pl.lit("}"))


def moment(days: str, time: str, zone: bool = True) -> pl.Expr:
    """ISO 8601 of a day and a time of day."""
    return pl.concat_str(iso(days), pl.lit("T"), pl.col(time), pl.lit("+08:00" if zone else ""))


def account(world: World, name: str, cores: dict[str, Core]) -> Desk:
    """One account's tables; each has its JSON line in column `line`."""
    people, chance = world.people, world.chance(name)
    serial = ACCOUNTS.index(name)
    followers = _followers(world, name, chance)
    campaigns = _campaigns(serial)
    bindings = _bindings(followers, people, cores, chance, SPOUSES_PHONE[world.noise])
    tables = {
        "followers": _follower_lines(name, followers),
        "tags": _tag_lines(followers),
        "bindings": bindings,
        "events": _events(serial, followers, campaigns, chance),
        "campaigns": _campaign_lines(campaigns),
    }
    if name == "wechat_individual":
        tables["learning"] = _learning(world.company, chance)
    bound = pl.col("bound") <= LAST_DAY
    records = followers.select(
        "person",
        pl.col("openid").alias("record"),
        "since",
        pl.lit(NEVER).alias("gone"),
        (bound | pl.col("is_bound_elsewhere")).alias("linkable"),
        pl.lit(None, dtype=pl.String).alias("name"),
        pl.lit(None, dtype=pl.String).alias("mobile"),
    )
    return Desk(tables, records)


def _membership(world: World) -> np.ndarray:
    """Who follows which account (persons x accounts), and binds there: 0 no, 1 follows, 2 binds too."""
    people, chance = world.people, world.chance("membership")
    adult = (people["age"].to_numpy() >= 16)[:, None]
    warm = chance.rng.random((people.height, 1)) < 0.4
    follows = (chance.rng.random((people.height, 3)) < np.where(warm, (0.42, 0.2, 0.25), (0.06, 0.03, 0.03))) & adult
    binds = chance.rng.random((people.height, 3)) < 0.62
    return follows.astype(int) + (follows & binds)


def _followers(world: World, name: str, chance: Chance) -> pl.DataFrame:
    people = world.people
    members = _membership(world)
    serial = ACCOUNTS.index(name)
    unions = "oU" + world.chance("unions").letters(ALPHABET, 26, people.height)
    person = np.flatnonzero(members[:, serial] > 0)
    n = len(person)
    since = chance.whole(day("2020-01-01"), LAST_DAY, n)
    bound = np.where(members[person, serial] == 2, since + chance.rng.exponential(60, n).astype(int), NEVER)
    bound = np.where(bound > LAST_DAY, NEVER, bound)
    left = np.where(chance.hit(0.13, n), since + chance.whole(30, 1500, n), NEVER)
    elsewhere = (np.delete(members[person], serial, axis=1) == 2).any(axis=1)
    tags = np.array([str(t) for t, _ in vocab.WECHAT_TAGS], dtype=object)
    first, second = chance.index(len(tags), n), chance.index(len(tags), n)
    tagged = np.where(chance.hit(0.3, n) & (first != second), tags[first] + ", " + tags[second], tags[first])
    tagged = np.where(chance.hit(0.15, n), "", tagged)
    remark = np.where(chance.hit(0.08, n), chance.pick(("老客户", "亲戚", "介绍人", "王姐家"), n), "")
    return pl.DataFrame(
        {
            "person": person,
            "openid": "o" + chance.letters(ALPHABET, 27, n),
            "unionid": unions.gather(person),
            "since": since,
            "bound": bound,
            "left": left,
            "scene": chance.deal(vocab.SCENES, n).tolist(),
            "tags": tagged.tolist(),
            "tag": first,
            "remark": remark.tolist(),
            "is_bound_elsewhere": elsewhere,
            "time": clock(chance, n),
        }
    )


def _follower_lines(name: str, followers: pl.DataFrame) -> Table:
    """A line when someone subscribes, when they unsubscribe, and when the account gets its unionids."""
    starts = followers.with_columns(pl.lit(1).alias("subscribe"), pl.col("since").alias("_from"))
    stops = followers.filter(pl.col("left") <= LAST_DAY).with_columns(pl.lit(0).alias("subscribe"), pl.col("left").alias("_from"))
    platform = BOUND_TO_PLATFORM.get(name, 0)
    versions = pl.concat([starts, stops])
    if platform:
        now = followers.filter(pl.col("since") < platform).with_columns(
            (pl.col("left") > platform).cast(pl.Int32).alias("subscribe"),
            pl.lit(platform).cast(pl.Int64).alias("_from"),
        )
        versions = pl.concat([versions, now], how="vertical_relaxed")
    seconds = (
        pl.col("time").str.slice(0, 2).cast(pl.Int64) * 3600
        + pl.col("time").str.slice(3, 2).cast(pl.Int64) * 60
        + pl.col("time").str.slice(6, 2).cast(pl.Int64)
    )
    line = json_object(
        openid=text("openid"),
        unionid=pl.when(pl.col("_from") >= platform).then(text("unionid")),
        subscribe=pl.col("subscribe").cast(pl.String),
        subscribe_time=(pl.col("since") * 86_400 + seconds - 8 * 3600).cast(pl.String),
        subscribe_scene=text("scene"),
        tagid_list=pl.concat_str(pl.lit("["), "tags", pl.lit("]")),
        remark=text("remark"),
    )
    return table(("openid",), versions.select("openid", line.alias("line"), "_from"))


def _tag_lines(followers: pl.DataFrame) -> Table:
    counts = np.bincount(followers["tag"].to_numpy(), minlength=len(vocab.WECHAT_TAGS))
    rows = [
        (code, f'{{"id": {code}, "name": "{name}", "count": {counts[i]}}}', 0) for i, (code, name) in enumerate(vocab.WECHAT_TAGS)
    ]
    return table(("id",), pl.DataFrame(rows, schema=["id", "line", "_from"], orient="row"))


def _bindings(
    followers: pl.DataFrame, people: pl.DataFrame, cores: dict[str, Core], chance: Chance, spouses_phone: float
) -> Table:
    """Who bound with which mobile; half gave a name and four digits, some a policy number, some nothing else."""
    rows = followers.filter(pl.col("bound") < NEVER)
    n = rows.height
    who = people[rows["person"]]
    if spouses_phone:
        lent = pl.Series(chance.hit(spouses_phone, n)) & (who["spouse"] >= 0)
        spouse = people[who["spouse"].clip(0)]
        phones = ("mobile", "old_mobile", "mobile_changed")
        who = who.with_columns(pl.when(lent).then(spouse[name]).otherwise(pl.col(name)).alias(name) for name in phones)
    current = pl.when(pl.lit(rows["bound"]) < pl.col("mobile_changed")).then("old_mobile").otherwise("mobile")
    named = pl.Series(chance.hit(0.55, n))
    owned = pl.concat(
        core.policies.select("policy_no", person="holder", system=pl.lit(name)) for name, core in cores.items()
    ).unique("person", keep="first", maintain_order=True)
    has = pl.DataFrame({"person": rows["person"]}).join(owned, on="person", how="left", maintain_order="left")
    shows = pl.Series(chance.hit(0.3, n)) & has["policy_no"].is_not_null()
    made = who.select(
        rows["openid"],
        rows["bound"].alias("_from"),
        rows["bound"],
        rows["time"],
        current.alias("mobile"),
        pl.when(named)
        .then(
            pl.when(pl.col("is_foreign"))
            .then(pl.col("given") + " " + pl.col("surname"))
            .otherwise(pl.col("surname") + pl.col("given"))
        )
        .alias("name"),
        pl.when(named & pl.Series(chance.hit(0.7, n)) & (pl.col("id_type") == "ID"))
        .then(pl.col("id_number").str.slice(-4))
        .alias("last4"),
        pl.when(shows).then(has["policy_no"]).alias("policy_no"),
        pl.when(shows).then(has["system"]).alias("system"),
    )
    line = json_object(
        openid=text("openid"),
        bound_at=text(moment("bound", "time", zone=False)),
        mobile=text("mobile"),
        name=text("name"),
        id_last4=text("last4"),
        policy_no=text("policy_no"),
        system=text("system"),
    )
    return table(("openid",), made.select("openid", line.alias("line"), "_from"))


def _campaigns(serial: int) -> pl.DataFrame:
    starts = [day(d) for d in ("2024-09-18", "2024-12-17", "2025-03-17", "2025-06-15", "2025-11-13", "2026-01-12")]
    n = len(starts)
    return pl.DataFrame(
        {
            "campaign_code": [f"CMP{serial}{i:02d}" for i in range(n)],
            "name": list(vocab.CAMPAIGNS),
            "starts": starts,
            "ends": [s + (45, 80, 45, 120, 60, 100)[i] for i, s in enumerate(starts)],
            "budget": [f"{50_000 * (i + 1)}.00" for i in range(n)],
        }
    )


def _campaign_lines(campaigns: pl.DataFrame) -> Table:
    line = json_object(
        campaign_code=text("campaign_code"),
        name=text("name"),
        starts_on=text(iso("starts")),
        ends_on=text(iso("ends")),
        budget=text("budget"),
    )
    return table(("campaign_code",), campaigns.select("campaign_code", "budget", line.alias("line"), pl.lit(0).alias("_from")))


def _events(serial: int, followers: pl.DataFrame, campaigns: pl.DataFrame, chance: Chance) -> Table:
    """Subscriptions and what followers did while subscribed, mostly lately; sign-ups lie in a campaign's days."""
    counts = chance.rng.poisson(2.6, followers.height)
    row = np.repeat(np.arange(followers.height), counts)
    n = len(row)
    since, left = followers["since"].to_numpy()[row], np.minimum(followers["left"].to_numpy()[row], LAST_DAY)
    on = np.maximum(since, left - chance.rng.exponential(260, n).astype(int))
    event = chance.deal(vocab.WECHAT_EVENTS, n, (34, 22, 14, 18, 12))
    campaign = chance.index(campaigns.height, n)
    starts, ends = campaigns["starts"].to_numpy()[campaign], campaigns["ends"].to_numpy()[campaign]
    sign_up_on = starts + (chance.rng.random(n) * (ends - starts)).astype(int)
    fits = (sign_up_on >= since) & (sign_up_on <= left)
    event = np.where((event == "campaign_signup") & ~fits, "VIEW", event)
    on = np.where(event == "campaign_signup", sign_up_on, on)
    needs = chance.pick(('["LIFE"]', '["CI", "MEDICAL"]', '["MEDICAL"]', '["ANNUITY"]', '["ACCIDENT", "LIFE"]', "[]"), n)
    payload = np.select(
        [event == "need_survey", event == "CLICK", event == "SCAN", event == "VIEW"],
        [
            np.array([f'{{"needs": {x}}}' for x in needs], dtype=object),
            '{"key": "MENU_1"}',
            '{"scene": "qr_outlet"}',
            '{"url": "https://wx.glife.example/p"}',
        ],
        "{}",
    )
    did = pl.DataFrame(
        {
            "openid": followers["openid"].gather(row),
            "event": event.tolist(),
            "on": on,
            "payload": payload.tolist(),
            "campaign_code": campaigns["campaign_code"].gather(np.where(event == "campaign_signup", campaign, 0)),
        },
        schema_overrides={"payload": pl.String},
    ).with_columns(pl.when(pl.col("event") == "campaign_signup").then("campaign_code").alias("campaign_code"))
    none = pl.lit(None, dtype=pl.String).alias("campaign_code")
    came = followers.select(
        "openid", pl.lit("subscribe").alias("event"), pl.col("since").alias("on"), pl.lit("{}").alias("payload"), none
    )
    went = followers.filter(pl.col("left") <= LAST_DAY).select(
        "openid", pl.lit("unsubscribe").alias("event"), pl.col("left").alias("on"), pl.lit("{}").alias("payload"), none
    )
    rows = pl.concat([did, came, went]).sort("on", maintain_order=True)
    rows = rows.with_columns(
        clock(chance, rows.height).alias("time"),
        pl.format(f"E{serial}{{}}", pl.int_range(pl.len()).cast(pl.String).str.zfill(10)).alias("event_id"),
    )
    line = json_object(
        event_id=text("event_id"),
        openid=text("openid"),
        event=text("event"),
        campaign_code=text("campaign_code"),
        occurred_at=text(moment("on", "time")),
        payload=pl.col("payload"),
    )
    return table(("event_id",), rows.select("event_id", line.alias("line"), pl.col("on").alias("_from")))


def _learning(company: Company, chance: Chance) -> Table:
    agents = company.agents.filter(pl.col("left") > day("2024-01-01"))
    n = agents.height * 3
    row = np.arange(n) % agents.height
    joined, left = agents["joined"].to_numpy()[row], np.minimum(agents["left"].to_numpy()[row], LAST_DAY)
    on = np.maximum(joined, left - chance.whole(0, 700, n))
    category = chance.deal(tuple(vocab.COURSES), n)
    score = chance.whole(45, 100, n)
    rows = pl.DataFrame(
        {
            "agent_code": agents["agent_code"].gather(row),
            "category": category.tolist(),
            "on": on,
            "score": score,
            "time": clock(chance, n),
        }
    )
    rows = rows.sort("on", maintain_order=True).with_columns(
        pl.format("L{}", (pl.int_range(pl.len()) + 1).cast(pl.String).str.zfill(8)).alias("record_id"),
        pl.format("{}00{}", pl.col("category").replace_strict(vocab.COURSES), pl.col("score") % 10).alias("course"),
    )
    line = json_object(
        record_id=text("record_id"),
        agent_code=text("agent_code"),
        course_code=text("course"),
        category=text("category"),
        completed_at=text(moment("on", "time")),
        score=pl.format("{}.0", "score"),
        passed=pl.when(pl.col("score") >= 60).then(pl.lit("true")).otherwise(pl.lit("false")),
    )
    return table(("record_id",), rows.select("record_id", line.alias("line"), pl.col("on").alias("_from")))
