"""Greedy assignment: worked cases, and agreement with a plain search on random ones."""

from __future__ import annotations

import random

from measures.assignment import Agent, Need, assign


def test_the_best_grade_goes_first_then_the_shortest_book_then_the_code() -> None:
    agents = [Agent("B1", "X", "B", 0), Agent("A2", "X", "A", 3), Agent("A1", "X", "A", 3), Agent("S9", "Y", "S", 0)]
    needs = [Need(f"k{n}", "X", ("S", "A", "B", "C")) for n in range(3)]
    assert assign(needs, agents, {}, capacity=200) == ["A1", "A2", "A1"]


def test_only_grades_that_the_customer_needs_are_proposed() -> None:
    agents = [Agent("S1", "X", "S", 0), Agent("B1", "X", "B", 199)]
    needs = [Need("k1", "X", ("A", "B")), Need("k2", "X", ("A", "B"))]
    assert assign(needs, agents, {}, capacity=200) == ["B1", None]


def test_a_full_book_takes_another_policy_of_its_own_customer() -> None:
    agents = [Agent("S1", "X", "S", 2)]
    needs = [Need("k1", "X", ("S",)), Need("k2", "X", ("S",))]
    assert assign(needs, agents, {"k2": {"S1"}}, capacity=2) == [None, "S1"]


def test_a_policy_without_a_person_makes_no_book_longer() -> None:
    agents = [Agent("S1", "X", "S", 1), Agent("S2", "X", "S", 1)]
    needs = [Need(None, "X", ("S",)), Need(None, "X", ("S",)), Need("k1", "X", ("S",)), Need("k2", "X", ("S",))]
    assert assign(needs, agents, {}, capacity=2) == ["S1", "S1", "S1", "S2"]


def test_a_branch_without_agents_or_no_branch_has_none_available() -> None:
    assert assign([Need("k1", "Z", ("S",)), Need("k1", None, ("S",))], [Agent("S1", "X", "S", 0)], {}, 200) == [None, None]


def test_agrees_with_looking_at_every_agent_each_time() -> None:
    for seed in range(200):
        dice = random.Random(seed)
        agents = [Agent(f"a{n:02}", dice.choice("XY"), dice.choice("SABC"), dice.randrange(5)) for n in range(8)]
        codes = [agent.code for agent in agents]
        serves = {f"k{n}": set(dice.sample(codes, dice.randrange(3))) for n in range(12)}
        needs = [
            Need(dice.choice([*serves, None]), dice.choice("XYZ"), dice.choice([("S", "A"), ("A", "B"), ("S", "A", "B", "C")]))
            for _ in range(25)
        ]
        assert assign(needs, agents, serves, 5) == _plainly(needs, agents, serves, 5), seed


def _plainly(needs: list[Need], agents: list[Agent], serves: dict[str, set[str]], capacity: int) -> list[str | None]:
    """The rule word by word, looking at every agent for every need."""
    length = {agent.code: agent.customers for agent in agents}
    known = {customer: set(codes) for customer, codes in serves.items()}
    choices: list[str | None] = []
    for need in needs:
        own = known.get(need.customer or "", set())
        fitting = [
            (need.grades.index(agent.grade), length[agent.code], agent.code)
            for agent in agents
            if agent.branch == need.branch and agent.grade in need.grades and (length[agent.code] < capacity or agent.code in own)
        ]
        choice = min(fitting)[2] if fitting else None
        if choice and need.customer and choice not in own:
            length[choice] += 1
            own.add(choice)
        choices.append(choice)
    return choices
