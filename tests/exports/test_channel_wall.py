"""The channel wall, on whole builds: what others know, of whomever, changes nothing in a partner's or a bank's package."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from other_channels import Recipient, ask_for_consent, change_everything_else
from recipient_view import content, manifest

from exports.demo_keys import write_demo_keys
from exports.run import export_all
from ingest.run import ingest_all
from sample.generate import write_sample
from warehouse import build
from warehouse.files import write_json
from warehouse.publish import column_rules
from warehouse.settings import Settings, get_settings

pytestmark = pytest.mark.slow  # three whole builds

PARTNER, BANK = Recipient("broker", "P001"), Recipient("banca", "B01")
FILES = {"broker": ["tier_list.csv", "tier_list.xlsx"], "banca": ["TIER_{0}.dat"]}


@dataclass(frozen=True)
class World:
    """A lake, the truth behind it, and the generation built from it."""

    settings: Settings
    truth: Path
    generation: Path


def built(settings: Settings, truth: Path) -> World:
    plan = build.build(settings)
    folder = settings.home / "generation"
    folder.mkdir()
    build.build_file(settings, plan).rename(folder / "restricted.duckdb")
    write_json(folder / "columns.json", column_rules(settings))
    return World(settings, truth, folder)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("wall")
    write_sample(400, folder / "landing", 7)
    write_demo_keys(folder / "landing", folder / "keys")
    settings = get_settings(
        home=folder / "home",
        landing=folder / "landing",
        recipient_keys=folder / "keys",
        key_file=folder / "pseudonym.key",
        quiet_seconds=0,
    )
    ingest_all(settings, None, None)
    ask_for_consent(settings.lake_dir, folder / "landing_truth", [PARTNER, BANK])
    return built(settings, folder / "landing_truth")


def exported(world: World, recipient: Recipient) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The plain files and the manifest of a recipient's package, but for ids and what encryption makes of the files."""
    (result,) = export_all(world.settings, world.generation, [recipient.channel], [recipient.code])
    stated = manifest(result.folder)
    names = [name.format(stated["as_of"].replace("-", "")) for name in FILES[recipient.channel]]
    for file in stated["files"]:
        if file["name"].endswith(".pgp"):
            file["sha256"] = file["plain_sha256"]
    del stated["package_id"], stated["generation_id"]
    return {name: content(world.settings, result.folder, name) for name in names}, stated


@pytest.mark.parametrize("recipient", [PARTNER, BANK], ids=lambda each: each.code)
def test_everything_of_other_channels_may_change(world: World, tmp_path: Path, recipient: Recipient) -> None:
    settings = world.settings.model_copy(update={"home": tmp_path / "home"})
    shutil.copytree(world.settings.lake_dir, settings.lake_dir)
    changed = change_everything_else(settings.lake_dir, world.truth, recipient)
    assert all(changed.values()), changed
    other = built(settings, world.truth)
    assert people(other) != people(world)  # the company does see other customers
    files, stated = exported(world, recipient)
    assert exported(other, recipient) == (files, stated)
    assert sum(stated["totals"]["change"].values()) > 20


def people(world: World) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(world.generation / "restricted.duckdb"), read_only=True) as con:
        return con.execute("select name, mobile from mart.customer order by all").fetchall()


IDENTIFIERS = """
with own as (
    select record_key from core.own_unit where scope = $code
    union select record_key from identity.int_identity__person_record where coalesce(partner_code, bank_code) = $code
),
values_of as (
    select
        record_key in (from own) as is_own,
        unnest([mobile, mobile_std, id_number, id_std, unionid, email, source_record_id]) as value
    from identity.int_identity__person_record
    union all
    select coalesce(partner_code, bank_code, '') = $code, policy_no from core.policy
)
select distinct value from values_of where value is not null and length(value) >= 6 and not is_own
except select value from values_of where is_own
"""


@pytest.mark.parametrize("recipient", [PARTNER, BANK], ids=lambda each: each.code)
def test_no_identifier_of_another_channel_is_in_any_file(world: World, recipient: Recipient) -> None:
    with duckdb.connect(str(world.generation / "restricted.duckdb"), read_only=True) as con:
        foreign = {value for (value,) in con.execute(IDENTIFIERS, {"code": recipient.code}).fetchall()}
    assert len(foreign) > 1000
    files, stated = exported(world, recipient)
    texts = [
        data.decode("gb18030" if name.endswith(".dat") else "utf-8-sig") for name, data in files.items() if "xlsx" not in name
    ]
    tokens = {token for text in [*texts, str(stated)] for token in re.split(r"[,;|:\"'/\s]+", text)}
    assert not tokens & foreign
