"""rules.md §6 and §7 a second time: grades, admission, training, concentration, orphans and who is proposed to serve."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

import polars as pl

from oracle.company import POLICY, customer_servers, whole_years
from oracle.deliveries import to_date
from oracle.rules import YUAN, Oracle, months_earlier

_EDUCATED = ("大专", "本科", "硕士", "博士")


def closed_months(as_of: date) -> tuple[date, date]:
    """First and last day of the last twelve closed months."""
    following = as_of + timedelta(days=1)
    end = as_of if following.day == 1 else as_of.replace(day=1) - timedelta(days=1)
    return months_earlier(end.replace(day=1), 11), end


def grades(oracle: Oracle) -> dict[str, dict]:
    """The grade of every agent who has joined, with what it is made of."""
    begin, end = closed_months(oracle.as_of)
    window = pl.col("issued_on").is_between(begin, end)
    new = oracle.policies.filter(window, pl.col("status").ne_missing("CANCELLED"), channel="IND")
    business: dict[str, list[tuple[date, int]]] = {}
    for agent, issued_on, ape in new.select("agent_code", "issued_on", "ape").rows():
        business.setdefault(agent, []).append((issued_on, ape))
    observed = oracle.persistency_policy.filter(pl.col("observation_on").is_between(begin, end), month_k=13, channel="IND")
    exposed, persisting = Counter[str](), Counter[str]()
    for agent, premium, persists in observed.select("agent_code", "annualised_premium", "is_persisting").rows():
        exposed[agent] += premium or 0
        persisting[agent] += (premium or 0) * persists
    complained = _complained(oracle, begin, end)
    found = {}
    for row in oracle.agents:
        agent, joined, left = row["工号"], to_date(row["入司日期"]), to_date(row["离职日期"])
        if not joined or joined > oracle.as_of:
            continue
        policies = business.get(agent, [])
        figures = {
            "is_employed": left is None or left > oracle.as_of,
            "ape": sum(ape or 0 for _, ape in policies),
            "active_months": len({(day.year, day.month) for day, _ in policies}),
            "persistency": Fraction(persisting[agent], exposed[agent]) if exposed[agent] else None,
            "has_major_complaint": agent in complained,
        }
        found[agent] = figures | {"grade": _grade(**figures)}
    return found


def _grade(ape: int, active_months: int, persistency: Fraction | None, has_major_complaint: bool, is_employed: bool) -> str:
    for grade, least_ape, months, least in (("S", 600_000, 9, "0.90"), ("A", 200_000, 6, "0.85"), ("B", 50_000, 3, "0.80")):
        persists = persistency is None or persistency >= Fraction(least)
        barred = has_major_complaint and grade in "SA"
        if ape >= least_ape * YUAN and active_months >= months and persists and not barred:
            return grade
    return "C"


def _complained(oracle: Oracle, begin: date, end: date) -> set[str]:
    """Agents with a major complaint: its own agent, else the policy's, else the customer's."""
    servers = customer_servers(oracle)
    of_policy = {
        (system, number): agent for system, number, agent in oracle.policies.select(*POLICY, "serving_agent_code").rows()
    }
    return {
        agent
        for row in oracle.crm
        if row["kind"] == "complaint" and row["severity"] == "MAJOR" and row["day"] and begin <= row["day"] <= end
        if (
            agent := row["agent_code"]
            or of_policy.get((row["system"], row["policy_no"]))
            or servers.get(oracle.crm_customer(row) or "", (None, None))[0]
        )
    }


def honour_list(oracle: Oracle, before: Oracle) -> dict[str, tuple[str, str]]:
    """Agents of grade S and A now or at the date before, with their grade now and the change."""
    now, then = grades(oracle), grades(before)
    honoured, was = ({agent for agent, row in found.items() if row["grade"] in "SA"} for found in (now, then))
    return {
        agent: (
            now[agent]["grade"] if agent in now else None,
            "LEFT" if agent not in honoured else "KEPT" if agent in was else "NEW",
        )
        for agent in honoured | was
    }


def admissions(oracle: Oracle) -> dict[str, dict]:
    """The five checks of every agent who entered in the twelve months to as_of."""
    courses: dict[str, list[date]] = {}
    training = oracle.files.current("channel_individual", "training", ("工号", "课程代码", "完成日期"))
    for row in training.iter_rows(named=True):
        if row["类别"] == "合规" and row["是否通过"] == "是" and (day := to_date(row["完成日期"])):
            courses.setdefault(row["工号"], []).append(day)
    checks = {}
    for row in oracle.agents:
        entered, born = to_date(row["入司日期"]), to_date(row["出生日期"])
        if not entered or not months_earlier(oracle.as_of, 12) < entered <= oracle.as_of:
            continue
        last = entered + timedelta(days=90)
        check = {
            "age_ok": born is not None and 20 <= whole_years(born, entered) <= 55,
            "education_ok": row["学历"] in _EDUCATED,
            "experience_ok": float(row["相关工作年限"] or -1) >= 1,
            "interviews_ok": float(row["面试轮数"] or -1) >= 2,
            "compliance_ok": any(entered <= day <= last for day in courses.get(row["工号"], [])),
        }
        checks[row["工号"]] = {"entered_on": entered, **check, "is_admitted": all(check.values())}
    return checks


def training(oracle: Oracle) -> dict[tuple, dict]:
    """Completions, passes and mean score by category, form, level and branch."""
    agents = {row["工号"]: (row["职级"], row["所属机构"]) for row in oracle.agents}
    done: dict[tuple, list[tuple[bool, Fraction | None]]] = {}
    desk = oracle.files.current("channel_individual", "training", ("工号", "课程代码", "完成日期"))
    for row in desk.iter_rows(named=True):
        key = (row["类别"], row["形式"], *agents.get(row["工号"], (None, None)))
        done.setdefault(key, []).append((row["是否通过"] == "是", _score(row["成绩"])))
    learning = oracle.files.current("wechat_individual", "learning", ("record_id",))
    for row in learning.iter_rows(named=True):
        key = (row["category"], "线上", *agents.get(row["agent_code"], (None, None)))
        done.setdefault(key, []).append((row["passed"] is True, _score(row["score"])))
    return {
        key: {
            "completions": len(rows),
            "pass_rate": Fraction(sum(ok for ok, _ in rows), len(rows)),
            "mean_score": _mean([score for _, score in rows if score is not None]),
        }
        for key, rows in done.items()
    }


def _score(value: object) -> Fraction | None:
    return None if value in (None, "") else Fraction(str(value))


def _mean(scores: list[Fraction]) -> Fraction | None:
    return sum(scores, Fraction(0)) / len(scores) if scores else None


def concentration(oracle: Oracle) -> dict:
    """How many agents the top tenth are, and the share of customers and of APE in force that they serve."""
    books: dict[str | None, list[tuple[str | None, int]]] = {}
    served = oracle.held_policies.filter("is_in_force", channel="IND")
    for agent, customer, ape in served.select("serving_agent_code", "holder_customer_id", "ape").rows():
        books.setdefault(agent, []).append((customer, ape))
    apes = {agent: sum(ape or 0 for _, ape in books.get(agent, [])) for agent in employed(oracle)}
    top = sorted(apes, key=lambda agent: (-apes[agent], agent))[: ceil(Fraction(len(apes), 10))]
    customers, of_top = ({c for agent in found for c, _ in books.get(agent, []) if c} for found in (books, top))
    total = sum(ape or 0 for book in books.values() for _, ape in book)
    return {
        "top_agents": len(top),
        "share_customers": Fraction(len(of_top), len(customers)) if customers else None,
        "share_ape": Fraction(sum(apes[agent] for agent in top), total) if total else None,
    }


def employed(oracle: Oracle) -> dict[str, str | None]:
    """Branch of every agent employed at as_of."""
    return {
        row["工号"]: row["所属机构"]
        for row in oracle.agents
        if (joined := to_date(row["入司日期"])) and joined <= oracle.as_of
        if not (left := to_date(row["离职日期"])) or left > oracle.as_of
    }


# -- §7 ---------------------------------------------------------------------------------------------------------------


def needing_an_agent(oracle: Oracle) -> dict[tuple[str, str], dict]:
    """Orphan policies and those whose agent is of a lower grade than the customer's tier asks for."""
    left = {row["工号"]: to_date(row["离职日期"]) for row in oracle.agents}
    graded = {agent: row["grade"] for agent, row in grades(oracle).items()}
    tiers = dict(oracle.customer_tier.select("customer_id", "tier").rows())
    needing = {}
    for row in oracle.held_policies.filter("is_in_force", channel="IND").iter_rows(named=True):
        agent, tier = row["serving_agent_code"], tiers.get(row["holder_customer_id"])
        lowest = {1: "A", 2: "B"}.get(tier or 0, "C")
        if agent not in left:
            reason = "ORPHAN_UNKNOWN"
        elif (gone := left[agent]) and gone <= oracle.as_of:
            reason = "ORPHAN_DEPARTED"
        elif agent in graded and "SABC".index(graded[agent]) > "SABC".index(lowest):
            reason = "UNDER_GRADED"
        else:
            continue
        needing[row["source_system"], row["policy_no"]] = {
            "customer_id": row["holder_customer_id"], "from_agent": agent, "branch": row["branch_code"],
            "tier": tier, "ape": row["ape"], "reason": reason,
        }  # fmt: skip
    return needing


def assignments(oracle: Oracle) -> dict[tuple[str, str], tuple[str | None, str]]:
    """The proposal for each policy, looking at every agent of the branch each time; one agent for a customer's of a branch."""
    needing = needing_an_agent(oracle)
    branches = employed(oracle)
    graded = {agent: row["grade"] for agent, row in grades(oracle).items()}
    in_force = oracle.held_policies.filter("is_in_force")
    total: Counter[str | None] = Counter()
    for customer, ape in in_force.select("holder_customer_id", "ape").rows():
        total[customer] += ape or 0
    books: dict[str, set] = {agent: set() for agent in branches}
    served = in_force.filter(pl.col("holder_customer_id").is_not_null(), channel="IND")
    for agent, customer in served.select("serving_agent_code", "holder_customer_id").rows():
        books.setdefault(agent, set()).add(customer)
    persons: dict[object, list[tuple[str, str]]] = {}
    for key, need in needing.items():
        persons.setdefault(need["customer_id"] or key, []).append(key)

    def turn(person: object) -> tuple:
        need = needing[persons[person][0]]
        ape = total[need["customer_id"]] if need["customer_id"] else need["ape"] or 0
        return (need["tier"] or 9, -ape, min(persons[person]))

    proposals = {}
    for person in sorted(persons, key=turn):
        chosen: dict[str | None, str | None] = {}
        for key in sorted(persons[person]):
            need = needing[key]
            if need["branch"] not in chosen:
                wanted = {1: "SA", 2: "AB"}.get(need["tier"] or 0, "SABC")
                fitting = [
                    (wanted.index(graded[agent]), len(books[agent]), agent)
                    for agent, branch in branches.items()
                    if branch == need["branch"]
                    and graded[agent] in wanted
                    and (len(books[agent]) < 200 or person in books[agent])
                ]
                chosen[need["branch"]] = min(fitting)[2] if fitting else None
                if fitting and need["customer_id"]:
                    books[min(fitting)[2]].add(person)
            agent = chosen[need["branch"]]
            proposals[key] = (agent, need["reason"] + ("" if agent else "_NONE_AVAILABLE"))
    return proposals
