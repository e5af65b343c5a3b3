"""Acknowledgements as the lake keeps them, and people to be served, for the tests of the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from exports_generation import write_generation

from exports.package import PackageResult, sha256_of
from warehouse.settings import Settings

_NAMES = {1: "重点经营", 2: "重点开发", 3: "正常经营", 4: "续收保证", 5: "暂时搁置"}
_RULES = {1: "T1_KEY", 2: "T2_DEVELOP", 3: "T3_REGULAR", 4: "T4_RENEWAL", 5: "T5_HOLD"}
_START = datetime(2026, 2, 1, 9, 0)


def generation_of(folder: Path, number: int, tiers: Mapping[int, int]) -> Path:
    """A generation in which branch 31 serves exactly the customers of ``tiers``, each with one policy."""
    changes = [
        f"update mart.generation set generation_id = '2026{number:04d}-x'",
        "delete from core.policy",
        "delete from identity.int_identity__customer_record where record_key like 'channel_individual%'",
    ]
    for person, tier in tiers.items():
        key = f"p{person}"
        changes += [
            f"insert into core.policy by name select 'core_life' as source_system, '{key}' as policy_no, "
            f"'IND' as channel, '3101' as branch_code, 'L1' as product_code, '{key}' as holder_customer_id, "
            f"'{key}' as holder_record_id, 'ACTIVE' as status, true as is_in_force, date '2024-01-01' as issued_on",
            "insert into identity.int_identity__person_record by name select "
            f"'core_life:{key}' as record_key, 'core_life' as source_system, '{key}' as source_record_id",
            f"insert into identity.int_identity__customer_record values ('core_life:{key}', '{key}')",
            f"insert into mart.customer by name select '{key}' as customer_id",
            f"insert into core.customer by name select '{key}' as customer_id, true as has_marketing_consent",
            f"insert into mart.customer_tier by name select '{key}' as customer_id, 'ALL' as scope, {tier} as tier, "
            f"'{_NAMES[tier]}' as tier_name, '{_RULES[tier]}' as rule_id, 'S{tier}' as strategy_code",
        ]
    return write_generation(folder / f"generation-{number}", *changes)


def acknowledge(
    settings: Settings,
    package: PackageResult,
    status: str = "ACCEPTED",
    rejected: list[str] | None = None,
    *,
    key: str = "customer_ref",
    sha256: str | None = None,
    package_id: str | None = None,
    minute: int = 0,
    sender: str | None = None,
) -> None:
    """Put one acknowledgement into the lake, as ingest does."""
    folder = settings.lake_dir / "data" / "acks" / "ack"
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.iterdir()))
    file_name = f"{sender or package.recipient}_{package.package_id}.ack.json"
    stem = f"2026-02-01__{number}"
    content = {
        "package_id": package_id or package.package_id,
        "sha256": sha256 or sha256_of(package.folder / "manifest.json"),
        "received_at": _START + timedelta(minutes=minute or number),
        "status": status,
        "rejected": json.dumps([{key: reference, "reason": "no"} for reference in rejected or []]),
        "_file_name": file_name,
        "_business_date": "2026-02-01",
        "_line": 1,
    }
    with duckdb.connect() as connection:
        names = ", ".join(f"? as {name}" for name in content)
        connection.execute(f"copy (select {names}) to '{folder / stem}.parquet' (format parquet)", list(content.values()))
    commit = settings.lake_dir / "commits" / "acks" / f"{stem}.json"
    commit.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "source": "acks",
        "business_date": "2026-02-01",
        "revision": 1,
        "status": "ACCEPTED",
        "files": [{"name": f"{number}_{file_name}", "table": "ack", "data": f"data/acks/ack/{stem}.parquet"}],
    }
    commit.write_text(json.dumps(record), encoding="utf-8")
