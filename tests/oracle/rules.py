"""rules.md §1, §2, §3 and §5 a second time, in polars, from the replayed files.

Money is held as exact integer thousandths of a yuan (the ape of a SINGLE has three decimals). Bands, coefficients and
limits stand here as rules.md prints them, so that a wrong seed shows too.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import polars as pl

from oracle.deliveries import Deliveries, to_date, to_thousandths

YUAN = 1000
_PER_YEAR = {"SINGLE": 1, "ANNUAL": 1, "SEMI": 2, "QUARTERLY": 4, "MONTHLY": 12}
_BANCA_PAY = {"0": "SINGLE", "12": "ANNUAL", "6": "SEMI", "3": "QUARTERLY", "1": "MONTHLY"}
_BANCA_STATUS = {
    "01": "ACTIVE", "02": "LAPSED", "03": "SURRENDERED", "04": "CANCELLED",
    "05": "DEATH", "06": "MATURED", "07": "PAIDUP", "08": "REPUDIATED",
}  # fmt: skip
_WECHATS = ("wechat_individual", "wechat_broker", "wechat_banca")
_SOURCE_ORDER = ["core_life", "core_banca", "crm", "channel_individual", "channel_broker", "channel_banca"]
_DIMENSIONS = ["month_k", "cohort_month", "channel", "branch_code", "partner_code", "agent_code", "bank_code"]

_SEXES = {"M": "M", "F": "F", "1": "M", "2": "F", "男": "M", "女": "F"}
_CONSENTS = {"Y": "Y", "N": "N", "1": "Y", "0": "N", "是": "Y", "否": "N"}


class PersonTable(NamedTuple):
    """Where a source table of persons holds what tiers need; `_since` is the day a row first was as it is."""

    source: str
    name: str
    key: str
    day: str
    mobile: str
    income: str = ""
    consent: str = ""
    income_unit: int = YUAN
    sex: str = ""
    birth: str = ""


_PERSON_TABLES = [
    PersonTable(
        "core_life",
        "client",
        "client_id",
        "updated_at",
        "mobile",
        "annual_income",
        "marketing_consent",
        YUAN,
        "sex",
        "birth_date",
    ),
    PersonTable("core_banca", "CUST", "cust_no", "changed_on", "mobile", "monthly_income", "consent", 120, "sex", "birth_date"),
    PersonTable(
        "channel_individual", "prospects", "线索号", "登记日期", "手机号", "年收入", "营销同意", YUAN, "性别", "出生日期"
    ),
    PersonTable("channel_broker", "customers", "record_id", "_since", "mobile", "annual_income", "", YUAN, "sex", "birth_date"),
    PersonTable("channel_banca", "referrals", "referral_no", "referred_on", "mobile"),
    *(PersonTable(source, "bindings", "openid", "bound_at", "mobile") for source in _WECHATS),
]

# Bands: a value belongs to the last row whose bound it reaches; the bounds are rules.md's.
_C_APE = [(0, 5), (2_000, 15), (5_000, 30), (10_000, 45), (30_000, 60), (100_000, 70)]
_P_INCOME = [(0, 0), (50_000, 15), (100_000, 30), (300_000, 45), (1_000_000, 55)]


def months_earlier(day: date, months: int) -> date:
    """The same day some months before, the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def _points(value: int, bands: list[tuple[int, int]], unit: int = YUAN) -> int:
    return max((bound, points) for bound, points in bands if value >= bound * unit)[1]


def _mobile(text: str | None) -> str | None:
    """Eleven digits without prefix and separators; as it is where it is none."""
    if not text:
        return None
    digits = re.sub(r"[\s\-()+]", "", unicodedata.normalize("NFKC", str(text)))
    return re.sub(r"^(00)?86(?=1\d{10}$)", "", digits) or None


def _date_or_none(text: str | None) -> date | None:
    try:
        return to_date(text)
    except ValueError:
        return None


def _is_placeholder(mobile: str) -> bool:
    return (len(mobile) >= 8 and mobile.isdigit() and len(set(mobile[-8:])) == 1) or mobile == "13800138000"


def _is_valid(mobile: str) -> bool:
    return bool(re.fullmatch(r"1[3-9]\d{9}", mobile)) and not _is_placeholder(mobile)


@dataclass
class Oracle:
    """Every figure as of the newest core_life date; `links` is the build's answer to who is who."""

    files: Deliveries
    links: pl.DataFrame  # source_system, source_record_id, customer_id
    probable: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # record: customers it probably is

    @cached_property
    def as_of(self) -> date:
        return self.files.newest_date("core_life")

    # -- policies and instalments -------------------------------------------------------------------------------------

    @cached_property
    def policies(self) -> pl.DataFrame:
        """Current policies of both core systems with their measures and dimensions at issue."""
        life = self.files.current("core_life", "policy", ("policy_no",)).with_columns(
            source_system=pl.lit("core_life"), bank_code=pl.lit(None, pl.String), unit=pl.lit(YUAN)
        )
        banca = self.files.current("core_banca", "POLY", ("policy_no",)).with_columns(
            source_system=pl.lit("core_banca"),
            channel=pl.lit("BANCA"),
            status=pl.col("status").replace_strict(_BANCA_STATUS),
            pay_mode=pl.col("pay_mode").replace_strict(_BANCA_PAY),
            modal_premium="premium",
            unit=pl.lit(10),
        )
        both = pl.concat([life, banca], how="diagonal")
        days = [
            pl.col(name).map_elements(to_date, pl.Date, skip_nulls=False) for name in ("issued_on", "effective_on", "status_on")
        ]
        premium = pl.struct("modal_premium", "unit").map_elements(
            lambda row: to_thousandths(row["modal_premium"], row["unit"]), pl.Int64
        )
        return (
            both.with_columns(*days, pl.col("pay_term_years").cast(pl.Int64))
            .with_columns(annualised_premium=premium * pl.col("pay_mode").replace_strict(_PER_YEAR, return_dtype=pl.Int64))
            .with_columns(
                ape=pl.when(pay_mode="SINGLE").then(pl.col("annualised_premium") // 10).otherwise("annualised_premium"),
                is_in_force=pl.col("status").ne_missing("CANCELLED")
                & (pl.col("effective_on") <= self.as_of).fill_null(False)
                & (pl.col("status").is_in(["ACTIVE", "PAIDUP"]) | (pl.col("status_on") > self.as_of)).fill_null(False),
            )
            .join(self._agent_changes(), on=["source_system", "policy_no"], how="left")
            .with_columns(
                agent_code=pl.when(channel="IND").then(pl.coalesce("first_from", "agent_code")),
                serving_agent_code=pl.when(channel="IND").then(pl.coalesce("last_to", "agent_code")),
            )
        )

    def _agent_changes(self) -> pl.DataFrame:
        """The `from` of each policy's first CHANGE_AGENT and the `to` of its last."""
        events = self.files.current("core_life", "policy_event", ("policy_no", "event_seq"))
        changes = events.filter(event_type="CHANGE_AGENT").sort("event_on", pl.col("event_seq").cast(pl.Int64))
        side = {
            name: pl.col("detail").map_elements(lambda text, name=name: json.loads(text).get(name), pl.String)
            for name in ("from", "to")
        }
        return (
            changes.with_columns(**side)
            .group_by("policy_no", maintain_order=True)
            .agg(first_from=pl.col("from").first(), last_to=pl.col("to").last())
            .with_columns(source_system=pl.lit("core_life"))
        )

    @cached_property
    def instalments(self) -> pl.DataFrame:
        """Current instalments of both core systems; what is empty was not paid."""
        key = ("policy_no", "instalment_no")
        frames = []
        for system, table, unit in (("core_life", "premium_due", YUAN), ("core_banca", "PREM", 10)):
            frames.append(
                self.files.current(system, table, key).select(
                    "policy_no",
                    source_system=pl.lit(system),
                    instalment_no=pl.col("instalment_no").cast(pl.Int64),
                    due_on=pl.col("due_on").map_elements(to_date, pl.Date),
                    paid_on=pl.col("paid_on").map_elements(to_date, pl.Date, skip_nulls=False),
                    amount_due=pl.col("amount_due").map_elements(lambda t, unit=unit: to_thousandths(t, unit), pl.Int64),
                    amount_paid=pl.col("amount_paid").map_elements(lambda t, unit=unit: to_thousandths(t, unit) or 0, pl.Int64),
                )
            )
        return pl.concat(frames).with_columns(pl.col("amount_paid").fill_null(0))

    # -- §2 persistency -----------------------------------------------------------------------------------------------

    @cached_property
    def persistency_policy(self) -> pl.DataFrame:
        """Exposed policies of each month k, and whether they persist."""
        return pl.concat([self._exposed(month_k) for month_k in (13, 25, 37, 49, 61)])

    def _exposed(self, month_k: int) -> pl.DataFrame:
        years = (month_k - 1) // 12
        ended = pl.col("status").is_in(["DEATH", "MATURED", "REPUDIATED"])
        exposed = (
            self.policies.with_columns(
                month_k=pl.lit(month_k),
                anniversary=pl.col("effective_on").map_elements(lambda day: months_earlier(day, -12 * years), pl.Date),
            )
            .with_columns(observation_on=pl.col("anniversary") + pl.duration(days=60))
            .filter(
                pl.col("pay_mode") != "SINGLE",
                pl.col("pay_term_years") > years,
                pl.col("status").ne_missing("CANCELLED"),
                pl.col("observation_on") <= self.as_of,
                ~(ended & (pl.col("status_on") <= pl.col("observation_on"))).fill_null(False),
            )
        )
        policy = ["source_system", "policy_no"]
        decisive = (
            self.instalments.join(exposed.select(*policy, "anniversary"), on=policy)
            .filter(pl.col("due_on") >= pl.col("anniversary"))
            .sort("due_on", "instalment_no")
            .unique(policy, keep="first", maintain_order=True)
            .select(*policy, "paid_on", is_paid=pl.col("amount_paid") >= pl.col("amount_due"))
        )
        return exposed.join(decisive, on=policy, how="left").with_columns(
            is_persisting=(pl.col("is_paid") & (pl.col("paid_on") <= pl.col("observation_on"))).fill_null(False),
            is_persisting_reinstated=(pl.col("is_paid") & (pl.col("paid_on") <= self.as_of)).fill_null(False),
        )

    @cached_property
    def persistency(self) -> pl.DataFrame:
        """Counts and premiums by cohort and the dimensions at issue."""
        premium = pl.col("annualised_premium")
        return (
            self.persistency_policy.with_columns(cohort_month=pl.col("effective_on").dt.truncate("1mo"))
            .group_by(_DIMENSIONS)
            .agg(
                exposed_count=pl.len(),
                persisting_count=pl.col("is_persisting").sum(),
                exposed_premium=premium.sum(),
                persisting_premium=premium.filter("is_persisting").sum(),
                reinstated_premium=premium.filter("is_persisting_reinstated").sum(),
            )
            .with_columns(
                rate_count=pl.col("persisting_count") / pl.col("exposed_count"),
                rate_premium=pl.col("persisting_premium") / pl.col("exposed_premium"),
                rate_reinstated=pl.col("reinstated_premium") / pl.col("exposed_premium"),
            )
            .with_columns(pl.col("rate_premium", "rate_reinstated").fill_nan(None))  # nothing is exposed: no rate, not 0
            .drop("reinstated_premium")
        )

    # -- §5 partners --------------------------------------------------------------------------------------------------

    @cached_property
    def partner_score(self) -> pl.DataFrame:
        """All metrics, points and grades of each scored partner and closed period of the last three years."""
        rows = [row for period in self._periods() for row in self._scores(*period)]
        return pl.DataFrame(rows, schema_overrides={"platform_value": pl.Decimal(38, 3)})

    def _periods(self) -> list[tuple[str, date, date]]:
        """Kind, first and last day of the closed quarters and years that ended in the last three years."""
        oldest = months_earlier(self.as_of, 36)
        periods = []
        for year in range(oldest.year, self.as_of.year + 1):
            quarters = [("QUARTER", date(year, first, 1), 3) for first in (1, 4, 7, 10)]
            for kind, begins, months in [*quarters, ("YEAR", date(year, 1, 1), 12)]:
                ends = months_earlier(begins, -months) - timedelta(days=1)
                if oldest < ends <= self.as_of:
                    periods.append((kind, begins, ends))
        return periods

    def _business(self, channel: str, begins: date, ends: date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """A channel's net new policies of a period, and its policies of month 13 observed in it."""
        window = pl.col("issued_on").is_between(begins, ends)
        new = self.policies.filter(window, pl.col("status").ne_missing("CANCELLED"), channel=channel)
        observed = pl.col("observation_on").is_between(begins, ends)
        return new, self.persistency_policy.filter(observed, month_k=13, channel=channel)

    @staticmethod
    def _metrics(own: pl.DataFrame, cohort: pl.DataFrame, total: int, density: Decimal | None) -> dict[str, Decimal | None]:
        ape, exposed = own["ape"].sum(), cohort["annualised_premium"].sum()
        return {
            "platform": Decimal(ape) / YUAN,
            "persistency": Decimal(cohort.filter("is_persisting")["annualised_premium"].sum()) / exposed if exposed else None,
            "contribution": Decimal(ape) / total if total else None,
            "density": density,
        }

    def bank_scores(self, grain: tuple[str, ...]) -> pl.DataFrame:
        """Scores of the banks, or of their outlets: the partners' metrics without veto, density over the open outlets."""
        rows = self.files.current("channel_banca", "outlets", ("银行代码", "网点代码")).iter_rows(named=True)
        outlets = {(row["银行代码"], row["网点代码"]): row["状态"] for row in rows}
        units: set[tuple] = set(outlets)
        if len(grain) == 1:
            referring = self.files.current("channel_banca", "referrals", ("referral_no",))["bank_code"].drop_nulls()
            units = {(bank,) for bank in {*(bank for bank, _ in outlets), *referring, *self.policies["bank_code"].drop_nulls()}}
        scores = []
        for kind, begins, ends in self._periods():
            new, observed = self._business("BANCA", begins, ends)
            selling = set(new.select("bank_code", "outlet_code").rows())
            for unit in sorted(units) if not new.is_empty() else ():
                is_own = pl.all_horizontal(pl.col(name) == code for name, code in zip(grain, unit, strict=True))
                opened = {outlet for outlet, state in outlets.items() if outlet[: len(unit)] == unit and state == "营业"}
                density = Decimal(len(opened & selling)) / len(opened) if opened else None
                values = self._metrics(new.filter(is_own), observed.filter(is_own), new["ape"].sum(), density)
                key = dict(zip(grain, unit, strict=True))
                scores.append({**key, "period_kind": kind, "period_end": ends, **_graded(kind, values)})
        return pl.DataFrame(scores, schema_overrides={"platform_value": pl.Decimal(38, 3)})

    def _scores(self, kind: str, begins: date, ends: date) -> list[dict]:
        new, observed = self._business("BRK", begins, ends)
        scores = []
        for partner in self._scored_partners(ends) if not new.is_empty() else ():
            own = new.filter(partner_code=partner)
            density = self._density(partner, own, begins, ends)
            values = self._metrics(own, observed.filter(partner_code=partner), new["ape"].sum(), density)
            key = {"partner_code": partner, "period_kind": kind, "period_end": ends}
            scores.append(key | _graded(kind, values) | self._veto(partner, ends))
        for score in scores:
            if score["is_vetoed"]:
                score["grade"] = "X"
            score["verdict"] = "CONTINUE" if score["grade"] in "ABC" else "EXIT"
        return scores

    @cached_property
    def partner_concentration(self) -> dict[int, dict]:
        """Partners by net new APE of the twelve months to as_of, ties by code."""
        new = self.policies.filter(
            pl.col("status").ne_missing("CANCELLED"),
            pl.col("issued_on") > months_earlier(self.as_of, 12),
            pl.col("issued_on") <= self.as_of,
            pl.col("partner_code").is_not_null(),
            channel="BRK",
        )
        sums = new.group_by("partner_code").agg(pl.col("ape").sum()).filter(pl.col("ape") > 0).rows()
        total, reached, ranked = sum(ape for _, ape in sums), 0, {}
        for rank, (partner, ape) in enumerate(sorted(sums, key=lambda row: (-row[1], row[0])), start=1):
            reached += ape
            shares = {"share": Fraction(ape, total), "cumulative_share": Fraction(reached, total)}
            ranked[rank] = {"partner_code": partner, "ape": ape, **shares}
        return ranked

    def _scored_partners(self, ends: date) -> list[str]:
        return sorted(
            row["partner_code"]
            for row in self._partners.iter_rows(named=True)
            if row["state"] != "退出" and (admitted := to_date(row["admitted_on"])) and admitted <= ends
        )

    @cached_property
    def _partners(self) -> pl.DataFrame:
        return self.files.current("channel_broker", "partners", ("partner_code",))

    @cached_property
    def _partner_agents(self) -> list[tuple[str, str, date | None, date | None]]:
        agents = self.files.current("channel_broker", "partner_agents", ("partner_code", "partner_agent_code"))
        return [
            (row["partner_code"], row["partner_agent_code"], to_date(row["joined_on"]), to_date(row["left_on"]))
            for row in agents.iter_rows(named=True)
        ]

    def _density(self, partner: str, own: pl.DataFrame, begins: date, ends: date) -> Decimal | None:
        present = {
            agent
            for code, agent, joined, left in self._partner_agents
            if code == partner and joined and joined <= ends and (left is None or left > begins)
        }
        selling = present & set(own["partner_agent_code"])
        return Decimal(len(selling)) / len(present) if present else None

    @cached_property
    def _major_violations(self) -> list[tuple[str, date]]:
        key = ("partner_code", "violated_on", "violation_type", "severity", "authority", "penalty")
        violations = self.files.current("channel_broker", "violations", key).filter(severity="重大")
        return [(code, to_date(day)) for code, day in violations.select("partner_code", "violated_on").rows() if day]

    def _veto(self, partner: str, ends: date) -> dict:
        oldest = months_earlier(ends, 36)
        return {"is_vetoed": any(code == partner and oldest < day <= ends for code, day in self._major_violations)}

    # -- §3 tiers -----------------------------------------------------------------------------------------------------

    @cached_property
    def customer_tier(self) -> pl.DataFrame:
        """The company-wide tier of every customer with contribution, potential and the parts of both."""
        policies = self.held_policies
        inputs = (
            self.links.select("customer_id")
            .unique()
            .join(self._as_holder(policies), on="customer_id", how="left")
            .join(self._as_insured(policies), on="customer_id", how="left")
            .join(self._incomes(), on="customer_id", how="left")
            .join(self._last_engaged(policies), on="customer_id", how="left")
        )
        contactable = self.contactable
        return pl.DataFrame(
            [self._tier(row, row["customer_id"] in contactable) for row in inputs.iter_rows(named=True)],
            infer_schema_length=None,
        )

    def _tier(self, row: dict, is_contactable: bool) -> dict:
        in_force, engaged = row["in_force_policies"] or 0, row["last_engaged_on"]
        first = row["first_effective_on"]
        gaps = 4 - len(row["needs_covered"] or [])
        parts = {
            "c_ape": _points(row["in_force_ape"], _C_APE) if in_force else 0,
            "c_paid": self._paid_points(row["premiums_paid"] or 0),
            "c_policies": {0: 0, 1: 0, 2: 5}.get(in_force, 10),
            "c_years": 5 if first and months_earlier(first, -60) <= self.as_of else 0,
            "p_income": _points(row["annual_income"] or 0, _P_INCOME),
            "p_needs": min(10 * gaps, 30),
            "p_engaged": 15 if engaged and engaged > self.as_of - timedelta(days=180) else 0,
        }
        contribution = sum(points for name, points in parts.items() if name.startswith("c_"))
        potential = min(sum(points for name, points in parts.items() if name.startswith("p_")), 100)
        if in_force and contribution >= 90:
            tier = 1
        elif is_contactable and potential >= 60:
            tier = 2
        elif in_force and (contribution >= 30 or (engaged and engaged > self.as_of - timedelta(days=365))):
            tier = 3
        elif (in_force and row["has_instalment_due"]) or row["is_reinstatable"]:
            tier = 4
        else:
            tier = 5
        return {
            "customer_id": row["customer_id"],
            "tier": tier,
            "rule_id": ["T1_KEY", "T2_DEVELOP", "T3_REGULAR", "T4_RENEWAL", "T5_HOLD"][tier - 1],
            "contribution": contribution,
            "potential": potential,
            **parts,
        }

    @staticmethod
    def _paid_points(paid: int) -> int:
        bounds = ((200_000, 15), (50_000, 10), (10_000, 5))
        return next((points for bound, points in bounds if paid >= bound * YUAN), 0)

    @cached_property
    def held_policies(self) -> pl.DataFrame:
        """Policies with the customers who hold them and whom they insure: the parties of lowest seq."""
        parties = self.files.current("core_life", "policy_party", ("policy_no", "role", "seq"))
        first = parties.sort(pl.col("seq").cast(pl.Int64)).unique(["policy_no", "role"], keep="first", maintain_order=True)
        policies = self.policies
        for role in ("holder", "insured"):
            life = first.filter(role=role.upper()).select("policy_no", pl.lit("core_life"), record="client_id")
            banca = policies.filter(source_system="core_banca").select("policy_no", pl.lit("core_banca"), record=role)
            persons = pl.concat([life, banca]).rename({"literal": "source_system"})
            names = {"source_record_id": "record", "customer_id": f"{role}_customer_id"}
            persons = persons.join(self.links.rename(names), on=["source_system", "record"]).drop("record")
            policies = policies.join(persons, on=["source_system", "policy_no"], how="left")
        return policies

    def _as_holder(self, policies: pl.DataFrame) -> pl.DataFrame:
        """What a customer holds; premiums and instalments of CANCELLED policies count nowhere."""
        counted = policies.filter(pl.col("status").ne_missing("CANCELLED"), pl.col("holder_customer_id").is_not_null())
        instalments = self.instalments.group_by("source_system", "policy_no").agg(
            premiums_paid=pl.col("amount_paid").sum(), has_later=(pl.col("due_on") > self.as_of).any()
        )
        in_force = pl.col("is_in_force")
        lapsed = (pl.col("status") == "LAPSED") & (pl.col("status_on") > months_earlier(self.as_of, 24))
        return (
            counted.join(instalments, on=["source_system", "policy_no"], how="left")
            .group_by(customer_id="holder_customer_id")
            .agg(
                in_force_ape=pl.col("ape").filter(in_force).sum(),
                in_force_policies=in_force.sum(),
                premiums_paid=pl.col("premiums_paid").sum(),
                first_effective_on=pl.col("effective_on").min(),
                has_instalment_due=(in_force & pl.col("has_later").fill_null(False)).any(),
                is_reinstatable=lapsed.fill_null(False).any(),
            )
        )

    def _as_insured(self, policies: pl.DataFrame) -> pl.DataFrame:
        """Needs covered by policies in force: life, health (illness or medical), annuity, accident."""
        lines = self.files.current("core_life", "product", ("product_code",)).select("product_code", "line")
        return (
            policies.filter("is_in_force", pl.col("insured_customer_id").is_not_null())
            .join(lines, on="product_code")
            .with_columns(pl.col("line").replace("MEDICAL", "CI"))
            .group_by(customer_id="insured_customer_id")
            .agg(needs_covered=pl.col("line").unique())
        )

    @cached_property
    def records(self) -> pl.DataFrame:
        """Current records of persons with what tiers need of them: day of change, mobile, income, consent."""
        frames = [*self._delivered_records(), self._crm_records]
        columns = {
            "source_system": pl.String, "source_record_id": pl.String, "changed_on": pl.Date,
            "mobile": pl.String, "annual_income": pl.Int64, "consent": pl.String, "sex": pl.String, "birth_date": pl.Date,
            "owner": pl.String,
        }  # fmt: skip
        rows = [{name: row.get(name) for name in columns} for frame in frames for row in frame]
        every = pl.DataFrame(rows, schema=columns)
        return every.join(self.links, on=["source_system", "source_record_id"])

    def _delivered_records(self) -> list[list[dict]]:
        """Person records of sections 2 to 7 of sources.md."""
        return [
            [
                {
                    "source_system": table.source,
                    "source_record_id": row[table.key],
                    "changed_on": row[table.day] if table.day == "_since" else to_date(row[table.day]),
                    "mobile": _mobile(row[table.mobile]),
                    "annual_income": to_thousandths(row.get(table.income), table.income_unit),
                    "consent": _CONSENTS.get(row.get(table.consent)),
                    "sex": _SEXES.get(row.get(table.sex)),
                    "birth_date": to_date(row.get(table.birth)),
                    "owner": row.get("partner_code") or row.get("bank_code"),
                }
                for row in self.files.current(table.source, table.name, (table.key,)).iter_rows(named=True)
            ]
            for table in _PERSON_TABLES
        ]

    @cached_property
    def crm(self) -> list[dict]:
        """Rows of the CRM that name somebody: kind, id as a source record, day, whom."""
        kinds = {
            "activity": ("activities", "activity_id", "occurred_at"),
            "card": ("cards", "card_id", "captured_at"),
            "survey": ("surveys", "survey_id", "answered_at"),
            "complaint": ("complaints", "complaint_id", "occurred_at"),
            "consent": ("consents", "consent_id", "at"),
            "tag": ("customer_tags", "who", "tagged_at"),
        }
        rows = []
        for kind, (table, key, time) in kinds.items():
            keys = ("who", "tag") if kind == "tag" else (key,)
            for row in self.files.current("crm", table, keys).iter_rows(named=True):
                own = hashlib.sha256(row["who"].encode()).hexdigest()[:16] if kind == "tag" else row[key]
                who = json.loads(row["who"])
                named = {"record_id": f"{kind}:{own}", "day": to_date(row[time]), "who": who, "survey_kind": row.get("kind")}
                rows.append({**row, **named, "kind": kind})
        return rows

    @cached_property
    def agents(self) -> list[dict]:
        """G Life's own agents as delivered."""
        return self.files.current("channel_individual", "agents", ("工号",)).to_dicts()

    @property
    def _crm_records(self) -> list[dict]:
        """CRM rows as person records; whether one is a record of its own, the links know."""
        return [
            {
                "source_system": "crm",
                "source_record_id": row["record_id"],
                "changed_on": row["day"],
                "mobile": _mobile(row["who"].get("mobile")),
                "birth_date": _date_or_none(row["who"].get("birth_date")),
            }
            for row in self.crm
        ]

    @cached_property
    def customer_of(self) -> dict[tuple[str, str], str]:
        return {(system, record): customer for system, record, customer in self.links.iter_rows()}

    def crm_customer(self, row: dict) -> str | None:
        """The customer whom a CRM row is about: of the record that it names, else of the row as a record."""
        named = self.customer_of.get((row["who"].get("system"), row["who"].get("record_id")))
        return named or self.customer_of.get(("crm", row["record_id"]))

    def golden(self, column: str, is_value: pl.Expr, records: pl.DataFrame | None = None) -> pl.DataFrame:
        """A customer's value of a column: newest day, then source order, then the greater record id."""
        order = pl.col("source_system").replace_strict({s: -n for n, s in enumerate(_SOURCE_ORDER)}, default=-99)
        return (
            (self.records if records is None else records)
            .filter(is_value)
            .sort(pl.col("changed_on"), order.cast(pl.Int64), "source_record_id", nulls_last=False)
            .unique("customer_id", keep="last", maintain_order=True)
            .select("customer_id", column)
        )

    def _incomes(self, records: pl.DataFrame | None = None) -> pl.DataFrame:
        return self.golden("annual_income", pl.col("annual_income") > 0, records)

    def _last_engaged(self, policies: pl.DataFrame) -> pl.DataFrame:
        """The last day on which a customer did anything that counts as engagement."""
        days = [(self.crm_customer(row), row["day"]) for row in self.crm if row["kind"] in ("activity", "survey")]
        days += policies.select("holder_customer_id", "issued_on").rows()
        for source in _WECHATS:
            for event in self.files.current(source, "events", ("event_id",)).iter_rows(named=True):
                # "its events count for no tier": a probable link's
                if event["event"] != "unsubscribe" and (source, event["openid"]) not in self.probable:
                    days.append((self.customer_of.get((source, event["openid"])), to_date(event["occurred_at"])))
        frame = pl.DataFrame(days, schema={"customer_id": pl.String, "day": pl.Date}, orient="row")
        return frame.filter(pl.col("day") <= self.as_of).group_by("customer_id").agg(last_engaged_on=pl.col("day").max())

    @cached_property
    def contactable(self) -> set[str]:
        """Customers who can be reached and agreed to it."""
        subscribed = {
            self.customer_of.get((source, row["openid"]))
            for source in _WECHATS
            for row in self.files.current(source, "followers", ("openid",)).iter_rows(named=True)
            if row["subscribe"] == 1
        }
        return (subscribed | self._with_own_mobile()) & self._consenting()

    def _with_own_mobile(self, records: pl.DataFrame | None = None, agents: set[str | None] | None = None) -> set[str]:
        """Customers whose golden mobile is valid, and neither on another customer's record nor an agent's own."""
        records = self.records if records is None else records
        known = records.filter(pl.col("mobile").is_not_null())
        owners: dict[str, set[tuple[str, ...]]] = {}
        for system, record, mobile, customer in known.select("source_system", "source_record_id", "mobile", "customer_id").rows():
            # A record that probably is somebody, though not merged, makes nobody's number shared.
            owners.setdefault(mobile, set()).add((customer, *self.probable.get((system, record), ())))
        if agents is None:
            agents = {_mobile(row["手机号"]) for row in self.agents}
        placeholder = pl.col("mobile").map_elements(_is_placeholder, pl.Boolean)
        golden = self.golden("mobile", pl.col("mobile").is_not_null() & ~placeholder, records)
        return {
            customer
            for customer, mobile in golden.iter_rows()
            if _is_valid(mobile) and mobile not in agents and all(customer in possible for possible in owners[mobile])
        }

    def _consenting(self) -> set[str]:
        """Marketing: CRM consents of the newest day, else the flags of the newest day; a refusal wins."""
        flags = self.records.filter(pl.col("consent").is_not_null()).select("customer_id", "changed_on", "consent").rows()
        return _agreeing({**_newest_decision(flags), **_newest_decision(self._crm_consents("MARKETING"))})

    @cached_property
    def sharing(self) -> set[str]:
        """Customers who agreed that the channels share what they know of them."""
        return _agreeing(_newest_decision(self._crm_consents("CROSS_CHANNEL_SHARING")))

    def _crm_consents(self, purpose: str) -> list[tuple]:
        return [
            (self.crm_customer(row), row["day"], "Y" if row["granted"] else "N")
            for row in self.crm
            if row["kind"] == "consent" and row["purpose"] == purpose and row["granted"] is not None
        ]

    # -- §3 tiers of a partner's or a bank's own scope ----------------------------------------------------------------

    def scoped_tiers(self, scope: str) -> pl.DataFrame:
        """Tiers over a recipient's own records and policies alone, of its customers who did not agree to sharing."""
        code = pl.coalesce(pl.when(channel="BRK").then("partner_code"), pl.when(channel="BANCA").then("bank_code"))
        policies = self.held_policies.filter(code == scope)
        own = self.records.filter(pl.col("source_system").is_in(["channel_broker", "channel_banca"]), owner=scope)
        holders = policies.filter(pl.col("status").ne_missing("CANCELLED"))["holder_customer_id"].drop_nulls()
        served = (set(own["customer_id"]) | set(holders)) - self.sharing
        engaged = (
            policies.filter(pl.col("issued_on") <= self.as_of)
            .group_by(customer_id="holder_customer_id")
            .agg(last_engaged_on=pl.col("issued_on").max())
        )
        inputs = (
            pl.DataFrame({"customer_id": sorted(served)}, schema={"customer_id": pl.String})
            .join(self._as_holder(policies), on="customer_id", how="left")
            .join(self._as_insured(policies), on="customer_id", how="left")
            .join(self._incomes(own), on="customer_id", how="left")
            .join(engaged, on="customer_id", how="left")
        )
        contactable = self._with_own_mobile(own, agents=set()) & self._consenting()
        rows = [self._tier(row, row["customer_id"] in contactable) | {"scope": scope} for row in inputs.iter_rows(named=True)]
        return pl.DataFrame(rows, infer_schema_length=None)


def _agreeing(decisions: dict[str, tuple[date, set[str]]]) -> set[str]:
    return {customer for customer, (_, consents) in decisions.items() if customer and consents == {"Y"}}


def _newest_decision(decisions: list[tuple]) -> dict[str, tuple[date, set[str]]]:
    newest: dict[str, tuple[date, set[str]]] = {}
    for customer, decided_on, consent in decisions:
        day = decided_on or date.min
        if customer not in newest or day > newest[customer][0]:
            newest[customer] = (day, {consent})
        elif day == newest[customer][0]:
            newest[customer][1].add(consent)
    return newest


def _graded(kind: str, values: dict[str, Decimal | None]) -> dict:
    """Points, coefficients, score and grade (before any veto) of the four metrics."""
    year = 4 if kind == "YEAR" else 1
    million = Decimal(1_000_000) * year
    bands = {
        "platform": [(10 * million, 100), (5 * million, 85), (2 * million, 70), (million, 60), (million * 3 / 10, 40)],
        "persistency": [("0.95", 100), ("0.90", 85), ("0.85", 70), ("0.80", 60), ("0.70", 40)],
        "contribution": [("0.10", 100), ("0.05", 85), ("0.02", 70), ("0.01", 60), ("0.002", 40)],
        "density": [("0.30", 100), ("0.20", 85), ("0.10", 70), ("0.05", 60), ("0.01", 40)],
    }
    coefficients = {"platform": "0.35", "persistency": "0.30", "contribution": "0.20", "density": "0.15"}
    row: dict = {}
    score = Decimal(0)
    for metric, value in values.items():
        if value is None:
            points = 60 if metric == "persistency" else 0
        else:
            lowest = 20 if value > 0 and metric != "persistency" else 0
            points = next((p for bound, p in bands[metric] if value >= Decimal(bound)), lowest)
        row |= {
            f"{metric}_value": value,
            f"{metric}_points": points,
            f"{metric}_coefficient": Decimal(coefficients[metric]),
        }
        score += points * Decimal(coefficients[metric])
    row["score"] = score.quantize(Decimal("0.01"), ROUND_HALF_UP)
    row["grade"] = next((grade for bound, grade in ((85, "A"), (75, "B"), (60, "C")) if row["score"] >= bound), "D")
    return row
