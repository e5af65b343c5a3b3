"""What salespeople note about people: activities, cards, surveys, complaints, tags, consents; stewards' decisions."""

import hashlib

import numpy as np
import polars as pl

from sample import vocab
from sample.chance import NEVER, day
from sample.cores import Core
from sample.desks import Desk
from sample.people import LAST_DAY
from sample.tables import Table, clock, iso, table
from sample.wechat import json_object, moment, text
from sample.world import World

CHANNEL_OF = {
    "core_life": None,
    "core_banca": "BANCA",
    "channel_individual": "IND",
    "channel_broker": "BRK",
    "channel_banca": "BANCA",
}


def compact_object(**fields: pl.Expr) -> pl.Expr:
    """A JSON object without spaces; with its fields in order of name, the canonical form that tags are hashed by."""
    parts = [pl.when(v.is_not_null()).then(pl.concat_str(pl.lit(f'"{k}":'), v)) for k, v in fields.items()]
    return pl.concat_str(pl.lit("{"), pl.concat_str(parts, separator=",", ignore_nulls=True), pl.lit("}"))


def crm(world: World, records: pl.DataFrame, cores: dict[str, Core]) -> Desk:
    """The CRM's six tables; rows whose `who` names no source record are person records of their own."""
    desk = _Notes(world, records.filter(pl.col("gone") == NEVER), cores)
    made = [desk.activities(), desk.cards(), desk.surveys(), desk.complaints(), desk.customer_tags(), desk.consents()]
    names = ("activities", "cards", "surveys", "complaints", "customer_tags", "consents")
    return Desk({name: one for name, (one, _) in zip(names, made, strict=True)}, pl.concat([own for _, own in made]))


class _Notes:
    """Shared ground of the six tables: whom a note is about, and how its author names them."""

    def __init__(self, world: World, records: pl.DataFrame, cores: dict[str, Core]) -> None:
        self.people, self.company, self.records, self.chance = world.people, world.company, records, world.chance("crm")
        bought = [
            c.policies.select("policy_no", "channel", "agent_code", "partner_code", person="holder", policy_system=pl.lit(s))
            for s, c in cores.items()
        ]
        self.bought = pl.concat(bought).unique("person", keep="last", maintain_order=True)

    def subjects(self, share: float, lately: float = 300.0, least: int = 24) -> pl.DataFrame:
        """About `share` notes per person, each about a record that existed on its day."""
        n = max(least, int(self.people.height * share))
        rows = self.records[pl.Series(self.chance.index(self.records.height, n))]
        on = LAST_DAY - self.chance.rng.exponential(lately, n).astype(int) % 1000
        agents = self.company.agents
        rows = rows.with_columns(
            pl.max_horizontal(pl.Series(on), "since").alias("on"),
            pl.Series("time", clock(self.chance, n)),
            agents["agent_code"].gather(self.chance.index(agents.height, n, agents["weight"].to_numpy())).alias("any_agent"),
        )
        rows = rows.join(self.bought, on="person", how="left", maintain_order="left").sort("on", maintain_order=True)
        channel = pl.coalesce(pl.col("system").replace_strict(CHANNEL_OF, return_dtype=pl.String), "channel", pl.lit("IND"))
        rows = rows.with_columns(channel.alias("channel"))
        agent = pl.when(pl.col("channel") == "IND").then(pl.coalesce("agent_code", "any_agent"))
        city = (
            self.people["city"]
            .gather(rows["person"])
            .replace_strict(dict(enumerate(c[3] for c in vocab.CITIES)), return_dtype=pl.String)
        )
        return rows.with_columns(agent.alias("agent"), pl.coalesce("branch_code", city).alias("branch"))

    def named(self, rows: pl.DataFrame, by_record: float = 0.62) -> pl.DataFrame:
        """Adds `who` (canonical JSON), `is_own` (names no record) and `linkable`."""
        n = rows.height
        kind = self.chance.index(6, n, (by_record, 0.2, 0.05, 0.05, 0.04, 0.04))
        kind[:6] = np.arange(6)
        person = self.people[rows["person"]]
        kind = np.where((kind == 3) & person["email"].is_null().to_numpy(), 1, kind)
        adds_name = pl.lit(pl.Series(self.chance.hit(0.4, n)))
        is_ = lambda *kinds: pl.lit(pl.Series(np.isin(kind, kinds)))  # noqa: E731
        full = (
            pl.when(pl.col("is_foreign"))
            .then(pl.col("given") + " " + pl.col("surname"))
            .otherwise(pl.col("surname") + pl.col("given"))
        )
        spaced = (
            pl.when(pl.lit(pl.Series(self.chance.hit(0.01, n))) & ~pl.col("is_foreign"))
            .then(pl.col("surname") + " " + pl.col("given"))
            .otherwise(full)
        )
        number = pl.when(pl.lit(rows["on"]) < pl.col("mobile_changed")).then("old_mobile").otherwise("mobile")
        split = pl.concat_str(number.str.slice(0, 3), number.str.slice(3, 4), number.str.slice(7), separator="-")
        who = compact_object(
            birth_date=pl.when(is_(2)).then(text(pl.col("birth_date").cast(pl.String))),
            email=pl.when(is_(3)).then(text("email")),
            id_number=pl.when(is_(4)).then(text("id_number")),
            mobile=pl.when(is_(1)).then(text(pl.when(pl.lit(pl.Series(self.chance.hit(0.03, n)))).then(split).otherwise(number))),
            name=pl.when(~is_(0) | adds_name).then(text(spaced)),
            record_id=pl.when(is_(0)).then(text(pl.lit(rows["record"]))),
            system=pl.when(is_(0)).then(text(pl.lit(rows["system"]))),
        )
        return rows.with_columns(
            person.select(who.alias("who")).to_series(),
            pl.Series("is_own", kind != 0),
            pl.Series("linkable", kind != 5),
        )

    def numbered(self, rows: pl.DataFrame, prefix: str, width: int) -> pl.DataFrame:
        return rows.with_columns(pl.format(f"{prefix}{{}}", pl.int_range(pl.len()).cast(pl.String).str.zfill(width)).alias("id"))

    def own(self, rows: pl.DataFrame, kind: str) -> pl.DataFrame:
        """Truth of the rows that are person records of their own."""
        return rows.filter("is_own").select(
            "person",
            (pl.lit(f"{kind}:") + pl.col("id")).alias("record"),
            pl.col("on").alias("since"),
            pl.lit(NEVER).alias("gone"),
            "linkable",
        )

    def words(self, choices: tuple[str, ...], n: int) -> pl.Expr:
        return pl.lit(pl.Series(self.chance.deal(choices, n).tolist(), dtype=pl.String))

    def activities(self) -> tuple[Table, pl.DataFrame]:
        rows = self.numbered(self.named(self.subjects(0.32)), "A", 9)
        n = rows.height
        needs = ('["LIFE"]', '["CI"]', '["MEDICAL"]', '["ANNUITY"]', '["ACCIDENT"]', "[]", '["CI", "MEDICAL"]')
        line = json_object(
            activity_id=text("id"),
            kind=text(self.words(vocab.ACTIVITY_KINDS, n)),
            who=pl.col("who"),
            channel=text("channel"),
            agent_code=text("agent").fill_null("null"),
            occurred_at=text(moment("on", "time")),
            note=text(self.words(vocab.ACTIVITY_NOTES, n)),
            tags=self.words(('["高意向"]', "[]", '["已购", "转介绍"]'), n),
            needs=self.words(needs, n),
        )
        return table(("id",), rows.select("id", line.alias("line"), pl.col("on").alias("_from"))), self.own(rows, "activity")

    def cards(self) -> tuple[Table, pl.DataFrame]:
        """Every card is a person record, also one that names another record."""
        rows = self.numbered(self.named(self.subjects(0.08), by_record=0.1), "K", 8)
        n = rows.height
        address = self.people["address_short"].gather(rows["person"])
        line = json_object(
            card_id=text("id"),
            who=pl.col("who"),
            company=text(self.words(vocab.COMPANIES, n)),
            title=text(self.words(vocab.TITLES, n)),
            address=text(pl.when(pl.lit(pl.Series(self.chance.hit(0.6, n)))).then(pl.lit(address)).otherwise(pl.lit(""))),
            captured_at=text(moment("on", "time")),
            agent_code=text(pl.coalesce("agent", "any_agent")),
        )
        return table(("id",), rows.select("id", line.alias("line"), pl.col("on").alias("_from"))), self.own(
            rows.with_columns(is_own=True), "card"
        )

    def surveys(self) -> tuple[Table, pl.DataFrame]:
        rows = self.numbered(self.named(self.subjects(0.16)), "S", 8)
        n = rows.height
        nps = pl.lit(pl.Series(self.chance.hit(0.45, n)))
        ten, hundred = (pl.lit(pl.Series(self.chance.whole(low, high, n))) for low, high in ((3, 10), (45, 100)))
        channel = pl.when(pl.lit(pl.Series(self.chance.hit(0.93, n)))).then("channel")
        branch = pl.when(pl.lit(pl.Series(self.chance.hit(0.95, n)))).then("branch")
        line = json_object(
            survey_id=text("id"),
            who=pl.col("who"),
            channel=text(channel).fill_null("null"),
            branch_code=text(branch).fill_null("null"),
            kind=pl.when(nps).then(pl.lit('"NPS"')).otherwise(pl.lit('"CSAT"')),
            score=pl.when(nps).then(ten).otherwise(hundred).cast(pl.String),
            answered_at=text(moment("on", "time")),
            comment=text(self.words(vocab.COMMENTS, n)),
        )
        return table(("id",), rows.select("id", line.alias("line"), pl.col("on").alias("_from"))), self.own(rows, "survey")

    def complaints(self) -> tuple[Table, pl.DataFrame]:
        """Opened, and most of them closed some weeks later: then the row is delivered again."""
        rows = self.numbered(self.named(self.subjects(0.02, lately=220.0)), "T", 7)
        n = rows.height
        shows = pl.lit(pl.Series(self.chance.hit(0.6, n)))
        rows = rows.with_columns(
            pl.when(shows).then("policy_no").alias("shown_policy"),
            pl.when(shows & pl.col("policy_no").is_not_null()).then("policy_system").alias("shown_system"),
            pl.Series("category", self.chance.deal(vocab.COMPLAINTS, n).tolist()),
            pl.Series("severity", self.chance.deal(("MINOR", "MAJOR"), n, (0.8, 0.2)).tolist()),
            pl.Series("closed", np.where(self.chance.hit(0.85, n), rows["on"].to_numpy() + self.chance.whole(3, 60, n), NEVER)),
        )

        def line(closed: pl.Expr) -> pl.Expr:
            partner = pl.when(pl.col("channel") == "BRK").then("partner_code")
            return json_object(
                complaint_id=text("id"),
                who=pl.col("who"),
                policy_no=text("shown_policy").fill_null("null"),
                system=text("shown_system").fill_null("null"),
                channel=text("channel"),
                agent_code=text("agent").fill_null("null"),
                partner_code=text(partner).fill_null("null"),
                category=text("category"),
                severity=text("severity"),
                occurred_at=text(moment("on", "time")),
                closed_at=closed,
            )

        opened = rows.select("id", line(pl.lit("null")).alias("line"), pl.col("on").alias("_from"))
        ended = rows.filter(pl.col("closed") <= LAST_DAY)
        closed_at = text(pl.concat_str(iso("closed"), pl.lit("T16:00:00+08:00")))
        closed = ended.select("id", line(closed_at).alias("line"), pl.col("closed").alias("_from"))
        return table(("id",), opened, closed), self.own(rows, "complaint")

    def customer_tags(self) -> tuple[Table, pl.DataFrame]:
        rows = self.named(self.subjects(0.1), by_record=0.85)
        n = rows.height
        pair = self.chance.index(len(vocab.CRM_TAGS), n)
        retired = np.where(self.chance.hit(0.12, n), rows["on"].to_numpy() + self.chance.whole(10, 400, n), NEVER)
        rows = rows.with_columns(
            pl.Series("tag", [vocab.CRM_TAGS[p][0] for p in pair]),
            pl.Series("value", [vocab.CRM_TAGS[p][1] for p in pair]),
            pl.Series("retired", retired),
        ).unique(("who", "tag"), keep="first", maintain_order=True)

        def line(retired: str, at: str) -> pl.Expr:
            return json_object(
                who=pl.col("who"),
                tag=text("tag"),
                value=text("value"),
                author=text("any_agent"),
                tagged_at=text(moment(at, "time")),
                retired=pl.lit(retired),
            )

        fresh = rows.select("who", "tag", line("false", "on").alias("line"), pl.col("on").alias("_from"))
        old = rows.filter(pl.col("retired") <= LAST_DAY).select(
            "who", "tag", line("true", "retired").alias("line"), pl.col("retired").alias("_from")
        )
        own = rows.filter("is_own").unique("who", keep="first", maintain_order=True)
        hashed = pl.Series("id", [hashlib.sha256(w.encode()).hexdigest()[:16] for w in own["who"].to_list()], dtype=pl.String)
        return table(("who", "tag"), fresh, old), self.own(own.with_columns(hashed), "tag")

    def consents(self) -> tuple[Table, pl.DataFrame]:
        rows = self.numbered(self.named(self.subjects(0.16), by_record=0.85), "N", 8)
        n = rows.height
        purpose = self.words(("MARKETING", "CROSS_CHANNEL_SHARING"), n)
        granted = pl.when(pl.lit(pl.Series(self.chance.hit(0.72, n)))).then(pl.lit("true")).otherwise(pl.lit("false"))
        line = json_object(
            consent_id=text("id"),
            who=pl.col("who"),
            purpose=text(purpose),
            granted=granted,
            at=text(moment("on", "time")),
        )
        return table(("id",), rows.select("id", line.alias("line"), pl.col("on").alias("_from"))), self.own(rows, "consent")


def stewardship(world: World, records: pl.DataFrame) -> tuple[dict[str, Table], dict[int, int]]:
    """Links and separations that are true, and erasures; also returned: person -> day of erasure."""
    people, chance = world.people, world.chance("stewardship")
    lasting = records.filter(
        (pl.col("gone") == NEVER) & (pl.col("since") < day("2026-01-31")) & pl.col("system").is_in(list(CHANNEL_OF))
    )
    sets = lasting.group_by("person", maintain_order=True).agg(pl.col("system"), pl.col("record"))
    several = sets.filter(pl.col("record").list.len() >= 3)
    chosen = several[pl.Series(chance.rng.permutation(several.height)[:6])]
    alike = (
        people.filter(pl.len().over("surname", "given", "born") > 1)
        .sort("surname", "given", "born", "person")["person"]
        .to_list()
    )
    one = {p: (s[0], r[0]) for p, s, r in sets.iter_rows()}
    pairs = [(one[a], one[b]) for a, b in zip(alike[::2], alike[1::2], strict=False) if a in one and b in one][:4]
    dates = ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30")
    rows = []
    for i, (_, systems, names) in enumerate(chosen[:4].iter_rows()):
        rows.append((f"D{2 * i + 1:05d}", "LINK", systems[0], names[0], systems[1], names[1], "电话核实为同一人", dates[i]))
    for i, ((system_a, a), (system_b, b)) in enumerate(pairs):
        rows.append((f"D{2 * i + 2:05d}", "SEPARATE", system_a, a, system_b, b, "同名同生日，不是同一人", dates[i]))
    columns = ["decision_id", "action", "system_a", "record_a", "system_b", "record_b", "reason", "on"]
    decisions = (
        pl.DataFrame(rows, schema=columns, orient="row")
        .with_columns(
            pl.lit("steward01").alias("decided_by"),
            (pl.col("on") + "T15:30:00").alias("decided_at"),
            pl.col("on").str.to_date().cast(pl.Int32).alias("_from"),
        )
        .drop("on")
    )
    asked = list(zip(chosen[4:].iter_rows(), dates[2:], strict=False))
    erasures = pl.DataFrame(
        [(f"E{i + 1:04d}", systems[0], names[0], f"{on}T10:00:00", day(on)) for i, ((_, systems, names), on) in enumerate(asked)],
        schema=["request_id", "system", "record_id", "requested_at", "_from"],
        orient="row",
    )
    erased = {person: day(on) for (person, _, _), on in asked}
    return {"decisions": table(("decision_id",), decisions), "erasures": table(("request_id",), erasures)}, erased
