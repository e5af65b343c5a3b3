"""The frozen evidence: the JSON that training writes and the seed that the warehouse reads are one thing."""

from __future__ import annotations

import csv
import json
import re
from itertools import product
from pathlib import Path

import pytest

from identity.train import EVIDENCE, NAMES, RULES, SEEDS, Measured, freeze
from warehouse.versions import DBT_PROJECT


def seed_rows(path: Path = SEEDS / RULES) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_seed_is_what_training_wrote():
    rules = json.loads(EVIDENCE.read_text(encoding="utf-8"))["rules"]
    assert [row["rule"] for row in seed_rows()] == [rule["rule"] for rule in rules]
    for row, rule in zip(seed_rows(), rules, strict=True):
        assert (int(row["tried"]), int(row["agreed"]), float(row["probability"])) == (
            rule["tried"],
            rule["agreed"],
            rule["probability"],
        )


def test_the_frequencies_of_names_are_what_training_wrote():
    names = json.loads(EVIDENCE.read_text(encoding="utf-8"))["names_per_million"]
    assert {row["name_sound"]: int(row["per_million"]) for row in seed_rows(SEEDS / NAMES)} == names
    assert len(names) > 500
    assert 100 <= min(names.values()) <= max(names.values()) < 20_000


def test_every_probability_is_its_prior_and_what_was_measured():
    for row in seed_rows():
        prior, weight, tried, agreed = float(row["prior"]), int(row["prior_weight"]), int(row["tried"]), int(row["agreed"])
        assert 0 <= agreed <= tried
        assert float(row["probability"]) == pytest.approx((prior * weight + agreed) / (weight + tried), abs=1e-6)


def test_every_rule_that_the_models_name_has_evidence():
    models = [DBT_PROJECT / "macros" / "identity" / "identity_rule.sql"]
    models.append(DBT_PROJECT / "models" / "identity" / "int_identity__weak_pair.sql")
    named = {
        rule for model in models for rule in re.findall(r"then '([A-Z0-9_]{5,}[A-Z0-9])'", model.read_text(encoding="utf-8"))
    }
    kinds = {"ALONE", "PAIRED", "PARENT", "OTHER"}
    parts = (("", "FAMILY_"), ("ONCE_", "STEADY_", "CHANGED_"), sorted(kinds))
    named |= {"FOLLOWER_" + "".join(chosen) for chosen in product(*parts)}
    assert len(named) > 30
    assert named - kinds - {row["rule"] for row in seed_rows()} == {"VETO_ID", "REVIEW_ID_TWO_NAMES"}


def test_a_prior_keeps_a_rule_seen_seldom_from_being_believed(tmp_path):
    seldom, often = (Measured("R", "words", 0.9, 100, tried, tried) for tried in (3, 3000))
    assert 0.9 < seldom.probability < 0.91
    assert often.probability > 0.995
    freeze([seldom], {"wei zhang": 2500}, "a test", tmp_path / "evidence.json", tmp_path)
    assert seed_rows(tmp_path / NAMES) == [{"name_sound": "wei zhang", "per_million": "2500"}]
    assert seed_rows(tmp_path / RULES)[0]["probability"] == str(seldom.probability)
    assert json.loads((tmp_path / "evidence.json").read_text())["measured_on"] == "a test"
