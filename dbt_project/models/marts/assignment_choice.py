"""The agent proposed at each turn (``measures.assignment``)."""

from collections import defaultdict

import pyarrow as pa

from measures.assignment import Agent, Need, assign


def model(dbt, session):
    dbt.config(materialized="table", schema="core", contract={"enforced": False})
    policies = dbt.ref("assignment_policy")
    available = dbt.ref("assignment_agent").order("grade_order, agent_code")
    served = dbt.ref("core_policy").filter("channel = 'IND' and is_in_force and serving_agent_code is not null")
    served = served.project("holder_customer_id as customer_id, serving_agent_code").distinct()

    agents = [Agent(*row) for row in available.project("agent_code, branch_code, grade, customers").fetchall()]
    every_grade = list(dict.fromkeys(agent.grade for agent in agents))
    capacity = available.aggregate("coalesce(max(capacity), 0)").fetchone()[0]
    serves = defaultdict(set)
    for customer, code in policies.project("customer_id").distinct().join(served, "customer_id").fetchall():
        serves[customer].add(code)
    turns = policies.project("turn, customer_id, branch_code, required_grades").distinct().order("turn").fetchall()
    needs = [
        Need(customer, branch, [grade for grade in every_grade if required is None or grade in required.split("|")])
        for _, customer, branch, required in turns
    ]
    chosen = assign(needs, agents, serves, capacity)
    return pa.table({"turn": pa.array([turn[0] for turn in turns], pa.int64()), "to_agent": pa.array(chosen, pa.string())})
