"""rules.md §4 and §8 a second time: points, VIP levels, scorecard, cube, campaigns, distribution of tiers."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from statistics import median

import polars as pl

from oracle.deliveries import to_date, to_thousandths
from oracle.rules import YUAN, Oracle, months_earlier

WECHATS = ("wechat_individual", "wechat_broker", "wechat_banca")
POLICY = ["source_system", "policy_no"]
_FOUR_TOTALS = [(True, True), (True, False), (False, True), (False, False)]


def _cells(channel: str | None, branch: str | None) -> list[tuple[str | None, str | None]]:
    """The cells that something counts in: its own, and ALL for each dimension."""
    return [(channel if by_channel else "ALL", branch if by_branch else "ALL") for by_channel, by_branch in _FOUR_TOTALS]


# -- §4 ---------------------------------------------------------------------------------------------------------------


def points(oracle: Oracle) -> dict[str, int]:
    """Points alive at as_of of every customer."""
    alive = dict.fromkeys(oracle.links["customer_id"], 0)
    for customer, earned_on, number in _earned(oracle):
        if customer and earned_on and earned_on <= oracle.as_of < months_earlier(earned_on, -24):
            alive[customer] += number
    return alive


def vip_level(number: int) -> str:
    return next(
        name
        for bound, name in ((100_000, "钻石"), (20_000, "铂金"), (5_000, "金卡"), (1_000, "银卡"), (0, "普通"))
        if number >= bound
    )


def _earned(oracle: Oracle) -> list[tuple[str | None, date | None, int]]:
    held = oracle.held_policies.filter(pl.col("status").ne_missing("CANCELLED"))
    paid = oracle.instalments.join(held.select(*POLICY, "holder_customer_id"), on=POLICY)
    entries = [
        (customer, paid_on, amount // (100 * YUAN))
        for customer, paid_on, amount in paid.select("holder_customer_id", "paid_on", "amount_paid").rows()
    ]
    once: dict[tuple, date] = {}
    for source in WECHATS:
        for row in oracle.files.current(source, "bindings", ("openid",)).iter_rows(named=True):
            _note(once, ("BINDING", oracle.customer_of.get((source, row["openid"]))), to_date(row["bound_at"]))
        for row in oracle.files.current(source, "events", ("event_id",)).iter_rows(named=True):
            if row["event"] == "campaign_signup" and row.get("campaign_code"):
                customer = oracle.customer_of.get((source, row["openid"]))
                _note(once, ("CAMPAIGN", customer, source, row["campaign_code"]), to_date(row["occurred_at"]))
    issued: dict[str, list[date]] = {}
    for customer, day in held.select("holder_customer_id", "issued_on").rows():
        if customer and day:
            issued.setdefault(customer, []).append(day)
    for row in oracle.files.current("channel_banca", "referrals", ("referral_no",)).iter_rows(named=True):
        customer, referred = oracle.customer_of.get(("channel_banca", row["referral_no"])), to_date(row["referred_on"])
        for day in issued.get(customer or "", []):
            if referred and day >= referred:
                _note(once, ("REFERRAL", customer), day)
    worth = {"BINDING": 100, "CAMPAIGN": 10, "REFERRAL": 200}
    entries += [(key[1], day, worth[key[0]]) for key, day in once.items()]
    entries += [(oracle.crm_customer(row), row["day"], 20) for row in oracle.crm if row["kind"] == "survey"]
    return entries


def _note(once: dict[tuple, date], key: tuple, day: date | None) -> None:
    """Remember the earliest day of what counts once."""
    if key[1] and day:
        once[key] = min(day, once.get(key, day))


# -- §8 scorecard -----------------------------------------------------------------------------------------------------


def scorecard(oracle: Oracle) -> dict[tuple[date, str | None, str | None], dict]:
    """Figures of each month, channel and branch with a figure, every person looked at on every day that matters."""
    held = oracle.held_policies.filter(
        pl.col("status").ne_missing("CANCELLED"),
        pl.col("holder_customer_id").is_not_null(),
        pl.col("effective_on") <= oracle.as_of,
    )
    rows = held.select(
        "holder_customer_id", "channel", "branch_code", "effective_on", "issued_on", "status", "status_on", "ape", *POLICY
    ).rows()
    first: dict[str, tuple] = {}
    for row in sorted(rows, key=lambda row: (row[3], row[4] or date.max, row[8], row[9])):
        first.setdefault(row[0], row)
    answers = _answers(oracle)
    starts = [row[3] for row in rows] + [day for _, _, day, _, _ in answers]
    card: dict[tuple, dict] = {}
    month = min(starts).replace(day=1)
    while month <= oracle.as_of:
        following = months_earlier(month, -1)
        end = min(following - timedelta(days=1), oracle.as_of)
        before, now = (_standing(rows, day) for day in (month - timedelta(days=1), end))
        buyers = {row[0] for row in rows if month <= row[3] <= end}
        for cell, (holders, _, _) in before.items():
            _figure(card, month, cell).update(existing_customers=len(holders), add_on_customers=len(holders & buyers))
        for cell, (holders, pieces, ape) in now.items():
            _figure(card, month, cell).update(
                premium_per_customer=Fraction(ape, YUAN) / len(holders), policies_per_customer=Fraction(pieces, len(holders))
            )
        for row in first.values():
            if month <= row[3] <= end:
                for cell in _cells(row[1], row[2]):
                    _figure(card, month, cell)["new_customers"] += 1
        for cell, kinds in _answers_of(answers, month, end).items():
            csat, nps = kinds.get("CSAT", []), kinds.get("NPS", [])
            figure = _figure(card, month, cell)
            if csat:
                figure["satisfaction"] = sum(csat) / len(csat)
            if nps:
                figure["nps"] = Fraction(100 * (sum(s >= 9 for s in nps) - sum(s <= 6 for s in nps)), len(nps))
        month = following
    # What names no channel or no branch counts in the totals alone.
    card = {key: figure for key, figure in card.items() if None not in key}
    for (month, _, _), figure in card.items():
        figure["is_open"] = months_earlier(month, -1) - timedelta(days=1) > oracle.as_of
        if figure["existing_customers"]:
            figure["add_on_rate"] = Fraction(figure["add_on_customers"], figure["existing_customers"])
    return card


def _figure(card: dict[tuple, dict], month: date, cell: tuple) -> dict:
    empty = dict.fromkeys(("add_on_rate", "satisfaction", "nps", "premium_per_customer", "policies_per_customer"))
    return card.setdefault((month, *cell), {"new_customers": 0, "existing_customers": 0, "add_on_customers": 0, **empty})


def _standing(rows: list[tuple], day: date) -> dict[tuple, tuple[set, int, int]]:
    """Holders, policies and APE in force on a day, by cell."""
    standing: dict[tuple, tuple[set, int, int]] = {}
    for customer, channel, branch, effective_on, _, status, status_on, ape, *_ in rows:
        if effective_on <= day and (status in ("ACTIVE", "PAIDUP") or (status_on and status_on > day)):
            for cell in _cells(channel, branch):
                holders, pieces, total = standing.setdefault(cell, (set(), 0, 0))
                holders.add(customer)
                standing[cell] = (holders, pieces + 1, total + (ape or 0))
    return standing


def _answers(oracle: Oracle) -> list[tuple]:
    """Channel, branch, day, kind and score of every answered survey; the branch is its own, else the serving agent's."""
    servers = customer_servers(oracle)
    answers = []
    for row in oracle.crm:
        if row["kind"] == "survey" and row["day"] and row["score"] is not None and row["day"] <= oracle.as_of:
            branch = row["branch_code"] or servers.get(oracle.crm_customer(row) or "", (None, None))[1]
            answers.append((row["channel"], branch, row["day"], row["survey_kind"], Fraction(str(row["score"]))))
    return answers


def _answers_of(answers: list[tuple], begin: date, end: date) -> dict[tuple, dict[str, list]]:
    found: dict[tuple, dict[str, list]] = {}
    for channel, branch, day, kind, score in answers:
        if begin <= day <= end:
            for cell in _cells(channel, branch):
                found.setdefault(cell, {}).setdefault(kind, []).append(score)
    return found


def customer_servers(oracle: Oracle) -> dict[str, tuple[str, str | None]]:
    """Who serves a customer: the agent of the policy in force with the greatest APE, else of the others; and the branch."""
    agents = {row["工号"]: row["所属机构"] for row in oracle.agents}
    held = oracle.held_policies.filter(
        pl.col("status").ne_missing("CANCELLED"),
        pl.col("holder_customer_id").is_not_null(),
        pl.col("serving_agent_code").is_not_null(),
    ).sort("is_in_force", "ape", "policy_no", descending=[True, True, False], nulls_last=True)
    servers: dict[str, tuple[str, str | None]] = {}
    for customer, agent, branch in held.select("holder_customer_id", "serving_agent_code", "branch_code").rows():
        servers.setdefault(customer, (agent, agents.get(agent) or branch))
    return servers


# -- §8 cube ----------------------------------------------------------------------------------------------------------


def cube(oracle: Oracle) -> dict[tuple, dict[str, int | None]]:
    """Figures of each cell with a figure, money in thousandths."""
    dimensions = _cube_dimensions(oracle)
    cells: dict[tuple, dict[str, int | None]] = {}

    def add(policy: tuple, day: date | None, **figures: int) -> None:
        if policy in dimensions and day:
            cell = (day.replace(day=1), *dimensions[policy][:6])
            figure = cells.setdefault(
                cell, dict.fromkeys(("policies", "ape", "first_premium", "lapses", "surrenders", "claims_paid"), 0)
            )
            for name, number in figures.items():
                figure[name] = (figure[name] or 0) + number

    counted = oracle.policies.filter(pl.col("status").ne_missing("CANCELLED"))
    for system, policy_no, issued_on, ape in counted.select(*POLICY, "issued_on", "ape").rows():
        add((system, policy_no), issued_on, policies=1, ape=ape or 0)
    paid = oracle.instalments.join(counted.select(POLICY), on=POLICY).filter(pl.col("amount_paid") > 0, instalment_no=1)
    for system, policy_no, paid_on, amount in paid.select(*POLICY, "paid_on", "amount_paid").rows():
        add((system, policy_no), paid_on, first_premium=amount)
    for system, table, number, kind, day, lapse, surrender in (
        ("core_life", "policy_event", "event_seq", "event_type", "event_on", "LAPSE", "SURRENDER"),
        ("core_banca", "EVNT", "event_no", "event_type", "event_on", "20", "30"),
    ):
        for row in oracle.files.current(system, table, ("policy_no", number)).iter_rows(named=True):
            if row[kind] in (lapse, surrender):
                add((system, row["policy_no"]), to_date(row[day]), **{"lapses" if row[kind] == lapse else "surrenders": 1})
    for row in oracle.files.current("core_life", "claim", ("claim_no",)).iter_rows(named=True):
        if row["decision"] == "PAID" and (amount := to_thousandths(row["amount_paid"])):
            add(("core_life", row["policy_no"]), to_date(row["decided_on"]), claims_paid=amount)
    for cell, figure in cells.items():
        if cell[2] == "BANCA":
            figure["claims_paid"] = None
    return cells


def _cube_dimensions(oracle: Oracle) -> dict[tuple, tuple]:
    """Branch, channel, line, holder's sex and age band at issue, tier of every policy."""
    products = oracle.files.current("core_life", "product", ("product_code",))
    lines = dict(products.select("product_code", "line").rows())
    sexes, births = (dict(oracle.golden(name, pl.col(name).is_not_null()).rows()) for name in ("sex", "birth_date"))
    tiers = dict(oracle.customer_tier.select("customer_id", "tier").rows())
    dimensions = {}
    for row in oracle.held_policies.iter_rows(named=True):
        holder, birth, issued = row["holder_customer_id"], births.get(row["holder_customer_id"]), row["issued_on"]
        dimensions[row["source_system"], row["policy_no"]] = (
            row["branch_code"],
            row["channel"],
            lines.get(row["product_code"]),
            sexes.get(holder),
            _age_band(birth, issued) if birth and issued and birth <= issued else None,
            tiers.get(holder),
        )
    return dimensions


def whole_years(begin: date, end: date) -> int:
    """Completed years; what began on 29 Feb has its anniversary on 28 Feb where the year has no 29th."""
    years = end.year - begin.year
    return years - (months_earlier(begin, -12 * years) > end)


def _age_band(birth: date, day: date) -> str:
    age = whole_years(birth, day)
    bands = ((60, "60+"), (50, "50-59"), (40, "40-49"), (30, "30-39"), (18, "18-29"), (0, "0-17"))
    return next(name for least, name in bands if age >= least)


# -- §8 campaigns, §3 distribution ------------------------------------------------------------------------------------


def campaigns(oracle: Oracle) -> dict[tuple[str, str], dict]:
    """The funnel of each account's campaigns: persons by their first sign-up."""
    issued: dict[str, list[tuple[date, int]]] = {}
    counted = oracle.held_policies.filter(pl.col("status").ne_missing("CANCELLED"), pl.col("issued_on") <= oracle.as_of)
    for customer, day, ape in counted.select("holder_customer_id", "issued_on", "ape").rows():
        issued.setdefault(customer, []).append((day, ape))
    funnels: dict[tuple[str, str], dict] = {}
    for account in WECHATS:
        for row in oracle.files.current(account, "campaigns", ("campaign_code",)).iter_rows(named=True):
            funnels[account, row["campaign_code"]] = {"budget": to_thousandths(row["budget"])}
        followers = oracle.files.current(account, "followers", ("openid",))
        subscribed = set(followers.filter(subscribe=1)["openid"]) if followers.width else set()
        bindings = oracle.files.current(account, "bindings", ("openid",))
        bound = set(bindings["openid"]) if bindings.width else set()
        persons: dict[tuple, list[tuple[date, str]]] = {}
        for row in oracle.files.current(account, "events", ("event_id",)).iter_rows(named=True):
            if row["event"] == "campaign_signup" and row.get("campaign_code"):
                person = oracle.customer_of.get((account, row["openid"])) or row["openid"]
                persons.setdefault((row["campaign_code"], person), []).append((to_date(row["occurred_at"]), row["openid"]))
        for (code, person), sign_ups in persons.items():
            days, openids = [day for day, _ in sign_ups if day], {openid for _, openid in sign_ups}
            policies = issued.get(person, [])
            first, day = min(policies, default=(None,))[0], min(days, default=None)
            is_new_holder = first is not None and day is not None and day <= first <= day + timedelta(days=90)
            funnel = funnels.setdefault((account, code), {"budget": None})
            for name, number in {
                "sign_ups": 1,
                "followers": bool(openids & subscribed),
                "bound": bool(openids & bound),
                "new_persons": first is None or day is None or first >= day,
                "new_holders": is_new_holder,
                "ape": sum(ape or 0 for issue, ape in policies if day and is_new_holder and issue <= day + timedelta(days=90)),
            }.items():
                funnel[name] = funnel.get(name, 0) + number
            if is_new_holder and first and day:
                funnel.setdefault("days", []).append((first - day).days)
    return {key: _campaign(funnel) for key, funnel in funnels.items()}


def _campaign(funnel: dict) -> dict:
    numbers = {name: funnel.get(name, 0) for name in ("sign_ups", "followers", "bound", "new_persons", "new_holders", "ape")}
    days, budget = funnel.get("days"), funnel["budget"]
    return numbers | {
        "budget": budget,
        "cost_per_new_holder": Fraction(budget, YUAN) / numbers["new_holders"] if budget and days else None,
        "median_days": median(days) if days else None,
    }


def tier_distribution(oracle: Oracle) -> dict[tuple[str, str, int], int]:
    """Customers by channel, branch and tier; everybody counts in the total of the company."""
    tiers = dict(oracle.customer_tier.select("customer_id", "tier").rows())
    placed = {(customer, "ALL", "ALL") for customer in tiers}
    counted = oracle.held_policies.filter(pl.col("status").ne_missing("CANCELLED"), pl.col("holder_customer_id").is_not_null())
    for customer, channel, branch in counted.select("holder_customer_id", "channel", "branch_code").rows():
        placed |= {(customer, *cell) for cell in _cells(channel, branch)}
    counts: dict[tuple[str, str, int], int] = {}
    for customer, channel, branch in placed:
        if channel is None or branch is None:
            continue
        key = (channel, branch, tiers[customer])
        counts[key] = counts.get(key, 0) + 1
    return counts
