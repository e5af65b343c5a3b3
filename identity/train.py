"""Measure how often each rule of identity is right: ``python -m identity.train BUILD... --described-as TEXT``.

Nobody tells the warehouse who is who, so a build is *blinded*: of records whose person is known, the ID number, the mobile or
the name is hidden, identity is worked out anew without them, and what was hidden judges the links. A prior, worth
``prior_weight`` pairs, keeps a rule that was seen seldom from being believed too much. The result is frozen in
``identity/evidence.json`` and in the seeds made of it, and so are the frequencies of names: to measure again is a change of
rules.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse import build, parameters
from warehouse.settings import get_settings
from warehouse.versions import DBT_PROJECT

EVIDENCE = Path(__file__).with_name("evidence.json")
SEEDS = DBT_PROJECT / "seeds" / "identity"
RULES, NAMES = "identity_evidence.csv", "identity_name_frequency.csv"
LEAST_BEARERS = 5  # a name seen with fewer persons is rare, as far as the builds can say
# What is worked out anew from blinded records; what comes before reads only the lake.
_MODELS = [
    "name",
    "standard_record",
    "person_record",
    "party",
    "mobile",
    "block",
    "sale",
    "pair",
    "strong_link",
    "nucleus",
    "family",
    "weak_pair",
    "weak_link",
]

# Who a record is, as far as an ID number says of it or of records that strong evidence ties to it.
_KNOWN = """
create schema train;
create table train.known as
with persons as (
    select nuclei.nucleus_no, any_value(records.id_std) as id_std
    from identity.int_identity__nucleus as nuclei
    inner join identity.int_identity__standard_record as records using (record_no)
    where records.id_kind = 'RIC'
    group by nuclei.nucleus_no
    having count(distinct records.id_std) = 1
)
select records.record_no, records.record_key, persons.id_std, records.name_sound,
    starts_with(records.source_system, 'wechat_') and hash(records.record_key, 'name') % 2 = 0
    and records.given_name is not null as is_name_hidden
from identity.int_identity__standard_record as records
left join identity.int_identity__nucleus as nuclei using (record_no)
left join persons using (nucleus_no)
where not records.is_gone
"""
_BLINDED = """
create table train.blinded as
select records.* replace (
    case when not known.is_name_hidden then records.name end as name,
    case when hash(records.record_key, 'id') % 2 = 1 then records.id_number end as id_number,
    case when hash(records.record_key, 'id') % 2 = 1 and not known.is_name_hidden then records.id_last4 end as id_last4,
    case
        when hash(records.record_key, 'mobile') % 4 > 0 or regexp_matches(records.source_system, '^(core|wechat)_')
        then records.mobile
    end as mobile,
    case when hash(records.record_key, 'birth') % 5 > 0 then records.birth_date end as birth_date
)
from identity.int_identity__source_record as records
left join train.known as known using (record_key);
drop view identity.int_identity__source_record;
create table identity.int_identity__source_record as select * from train.blinded;
"""
# A follower whose name was hidden is judged by it; everybody else by the ID numbers of both sides.
_JUDGED = """
with strong as (
    select rule, record_a, record_b from identity.int_identity__pair
    where rule not in ('VETO_ID', 'REVIEW_ID_TWO_NAMES', 'SAME_ID') and not is_gone
),
weak as (
    select rule, record_no as record_a, other_no as record_b, nucleus_no, other_nucleus_no from identity.int_identity__weak_link
    where not is_gone and not is_contested and probability > 0.98 * rule_probability
),
names as (
    select nuclei.nucleus_no, list(distinct known.name_sound) as sounds, bool_or(known.is_name_hidden) as is_hidden
    from identity.int_identity__nucleus as nuclei inner join train.known as known using (record_no)
    where known.name_sound is not null group by all
),
judged as (
    select strong.rule, a.id_std = b.id_std as is_right
    from strong
    inner join train.known as a on strong.record_a = a.record_no
    inner join train.known as b on strong.record_b = b.record_no
    union all
    select weak.rule,
        coalesce(
            case when own.is_hidden then list_has_any(own.sounds, others.sounds) end,
            a.id_std = b.id_std
        ) as is_right
    from weak
    inner join train.known as a on weak.record_a = a.record_no
    inner join train.known as b on weak.record_b = b.record_no
    left join names as own on weak.nucleus_no = own.nucleus_no
    left join names as others on weak.other_nucleus_no = others.nucleus_no
)
select rule, count(*) as tried, count(*) filter (where is_right) as agreed from judged where is_right is not null group by rule
"""


@dataclass(frozen=True)
class Measured:
    """One rule: what was believed of it, how often it was tried and right, and what is believed now."""

    rule: str
    meaning: str
    prior: float
    prior_weight: int
    tried: int
    agreed: int

    @property
    def probability(self) -> float:
        return round((self.prior * self.prior_weight + self.agreed) / (self.prior_weight + self.tried), 6)


def counts(build_file: Path, scratch: Path) -> dict[str, tuple[int, int]]:
    """How often each rule was tried on a blinded copy of a build, and was right."""
    copy = scratch / build_file.name
    shutil.copy(build_file, copy)
    os.environ["GLIFE_HOME"] = str(scratch)
    settings = get_settings()
    with duckdb.connect(str(copy)) as connection:
        connection.execute(_KNOWN)
        connection.execute(_BLINDED)
        # The build may be older than the rules: a rule that its seed lacks would never be tried.
        parameters.load_in_force(connection, settings)
    models = [f"int_identity__{name}" for name in _MODELS]
    command = build.dbt_command(["run", "--select", *models])
    subprocess.run(command, env=build.dbt_environment(settings, copy), check=True)
    with duckdb.connect(str(copy), read_only=True) as connection:
        return {rule: (tried, agreed) for rule, tried, agreed in connection.execute(_JUDGED).fetchall()}


def train(build_files: list[Path]) -> list[Measured]:
    """Every rule of the seed, measured on all the builds together."""
    with (SEEDS / RULES).open(encoding="utf-8", newline="") as file:
        rules = list(csv.DictReader(file))
    total: dict[str, tuple[int, int]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, build_file in enumerate(build_files):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            for rule, (tried, agreed) in counts(build_file, folder).items():
                before = total.get(rule, (0, 0))
                total[rule] = (before[0] + tried, before[1] + agreed)
    return [
        Measured(row["rule"], row["meaning"], float(row["prior"]), int(row["prior_weight"]), *total.get(row["rule"], (0, 0)))
        for row in rules
    ]


def name_frequencies(build_files: list[Path]) -> dict[str, int]:
    """Of a million persons with a valid ID number, how many have the name: names that several have, the most frequent first."""
    with duckdb.connect() as connection:
        for number, build_file in enumerate(build_files):
            connection.execute(f"attach '{build_file}' as build_{number} (read_only)")
        persons = " union all ".join(
            f"select distinct {number} as build, name_sound, id_std from build_{number}.identity.int_identity__person_record "
            "where is_id_valid and given_name is not null"
            for number in range(len(build_files))
        )
        found = connection.execute(
            f"with persons as ({persons}) "
            "select name_sound, cast(round(1e6 * count(*) / (select count(*) from persons)) as integer) as per_million "
            f"from persons group by name_sound having count(*) >= {LEAST_BEARERS} order by per_million desc, name_sound"
        )
        return dict(found.fetchall())


def freeze(
    measured: list[Measured], names: dict[str, int], measured_on: str, evidence: Path = EVIDENCE, seeds: Path = SEEDS
) -> None:
    """Write what was measured as JSON, and the seeds that the warehouse reads."""
    rules = [{**asdict(rule), "probability": rule.probability} for rule in measured]
    content = {
        "command": f"python -m identity.train BUILD... --described-as '{measured_on}'",
        "measured_on": measured_on,
        "rules": rules,
        "names_per_million": names,
    }
    evidence.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    columns = ["rule", "meaning", "prior", "prior_weight", "tried", "agreed", "probability", "measured_on"]
    _write(seeds / RULES, columns, [{**rule, "measured_on": "blinded" if rule["tried"] else "prior"} for rule in rules])
    rows = [{"name_sound": name, "per_million": share} for name, share in names.items()]
    _write(seeds / NAMES, ["name_sound", "per_million"], rows)


def _write(seed: Path, columns: list[str], rows: list[dict[str, Any]]) -> None:
    with seed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("builds", nargs="+", type=Path, help="build files with the identity layer in them")
    parser.add_argument("--described-as", required=True, help="what the builds were made of, for the record")
    parser.add_argument("--show", action="store_true", help="print what was measured, freeze nothing")
    arguments = parser.parse_args()
    measured = train(arguments.builds)
    for rule in measured:
        print(f"{rule.rule:36} {rule.tried:7,} tried {rule.agreed:7,} right  {rule.prior:.4f} -> {rule.probability:.4f}")
    if not arguments.show:
        freeze(measured, name_frequencies(arguments.builds), arguments.described_as)


if __name__ == "__main__":
    main()
