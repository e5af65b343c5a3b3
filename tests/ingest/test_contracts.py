"""Contracts are documents of the published standard, and this project can read each of them."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from warehouse.contract import CONTRACTS_DIR, contract, contracts, of_source, sources

PATHS = sorted(CONTRACTS_DIR.glob("*/*.yaml"))
SCHEMA = json.loads((CONTRACTS_DIR / "odcs-v3.2.0.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_follows_the_open_data_contract_standard(path) -> None:
    jsonschema.Draft201909Validator(SCHEMA).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_the_schema_refuses_what_is_no_contract() -> None:
    assert not jsonschema.Draft201909Validator(SCHEMA).is_valid({"kind": "DataContract", "surprise": 1})


def test_every_source_and_table_is_there() -> None:
    assert len(contracts()) == len(PATHS) == 36
    assert len(sources()) == 11
    assert {c.table for c in of_source("wechat_broker")} == {"followers", "tags", "bindings", "events", "campaigns"}


def test_key_columns_are_in_order_and_files_are_recognised() -> None:
    assert [c.name for c in contract("core_life__policy_party").key] == ["policy_no", "role", "seq"]
    assert contract("channel_broker__customers").match("customers_P001.xlsx") == {"partner_code": "P001"}
    assert contract("core_banca__cust").match("CUST_2026.dat") is None
    assert all(c.key for c in contracts())
