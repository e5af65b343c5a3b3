"""Who is proposed to serve whom: agents of the branch by grade, then by how few customers they serve, then by code.

Each choice makes the chosen agent's book longer, so the customers are taken one after the other, in the order given.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Agent:
    """An agent who may be given customers; ``customers`` is how many are served now."""

    code: str
    branch: str
    grade: str
    customers: int


@dataclass(frozen=True)
class Need:
    """Policies of one customer in one branch that need an agent of one of ``grades``, the best first.

    Where the person is unknown ``customer`` is None, and the proposal makes nobody's book longer.
    """

    customer: str | None
    branch: str | None
    grades: Sequence[str]


def assign(needs: Iterable[Need], agents: Iterable[Agent], serves: Mapping[str, set[str]], capacity: int) -> list[str | None]:
    """Agent code for each need, None where no agent is available.

    ``serves`` says for the customers of the needs which agents serve them now: such an agent can take another policy of
    the same customer without serving more customers, also with a full book.
    """
    books = _Books(agents, capacity)
    known: dict[str, set[str]] = defaultdict(set, {customer: set(codes) for customer, codes in serves.items()})
    choices: list[str | None] = []
    for need in needs:
        own = known[need.customer] if need.customer is not None else set()
        code = books.choose(need, own)
        if code is not None and need.customer is not None and code not in own:
            books.add_customer(code)
            own.add(code)
        choices.append(code)
    return choices


class _Books:
    """Books of the agents, kept so that the shortest of a branch and grade is found at once."""

    def __init__(self, agents: Iterable[Agent], capacity: int) -> None:
        self._agents = {agent.code: agent for agent in agents}
        self._length = {code: agent.customers for code, agent in self._agents.items()}
        self._capacity = capacity
        self._shortest: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for code, agent in self._agents.items():
            self._shortest[agent.branch, agent.grade].append((agent.customers, code))
        for heap in self._shortest.values():
            heapq.heapify(heap)

    def choose(self, need: Need, own: set[str]) -> str | None:
        for grade in need.grades:
            heap = self._shortest.get((need.branch or "", grade), [])
            while heap and heap[0][0] != self._length[heap[0][1]]:
                heapq.heappop(heap)  # was written down before the book grew
            if heap and heap[0][0] < self._capacity:
                return heap[0][1]
            full = [code for code in own if self._is_of(code, need.branch, grade)]
            if full:
                return min(full, key=lambda code: (self._length[code], code))
        return None

    def add_customer(self, code: str) -> None:
        self._length[code] += 1
        agent = self._agents[code]
        heapq.heappush(self._shortest[agent.branch, agent.grade], (self._length[code], code))

    def _is_of(self, code: str, branch: str | None, grade: str) -> bool:
        agent = self._agents.get(code)
        return agent is not None and (agent.branch, agent.grade) == (branch, grade)
