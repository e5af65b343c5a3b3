"""The invented world that every source tells about: its people, the company, and the policies between them."""

from dataclasses import dataclass

import polars as pl

from sample.chance import Chance
from sample.company import Company, make_company
from sample.people import make_people
from sample.policies import Policies, make_policies, number_policies


@dataclass(frozen=True)
class World:
    """The truth; sources see parts of it through the trouble of the given noise level."""

    people: pl.DataFrame
    company: Company
    policies: Policies
    seed: int
    noise: str

    def chance(self, topic: str) -> Chance:
        """The stream of chance of one topic in this world."""
        return Chance(self.seed, topic)


def make_world(persons: int, seed: int, noise: str) -> World:
    """A world of that many persons; the same arguments make the same world."""
    people = make_people(persons, seed)
    company = make_company(persons, seed)
    return World(people, company, number_policies(make_policies(people, company, seed), seed), seed, noise)
