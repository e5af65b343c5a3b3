"""Tags to a WeChat account over HTTP, against a platform with its limits and error codes; answers come back as acks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from exports_generation import write_generation
from wechat_server import Platform, serving

from exports import ledger
from exports.delivery import DeliveryOutcome, deliver
from exports.package import PackageResult, all_packages
from exports.run import export_all
from ingest.run import ingest_source
from warehouse import runlog
from warehouse.settings import Settings

COUNT = 120


def followers(folder: Path, number: int, tiers: dict[str, int], count: int = COUNT) -> Path:
    """A generation in which account wechat_broker has ``count`` followers, in tier 3 but for those named."""
    names = {1: "重点经营", 2: "重点开发", 3: "正常经营"}
    people = f"from range({count}) as t (i)"
    moves = [
        f"update mart.customer_tier set tier = {tier}, tier_name = '{names[tier]}' where customer_id = 'w{openid}'"
        for openid, tier in tiers.items()
    ]
    return write_generation(
        folder / f"followers-{number}",
        f"update mart.generation set generation_id = '202602{number:02d}-x', as_of = date '2026-02-{number:02d}'",
        "update core.follower set is_subscribed = false",
        f"insert into core.follower select 'wechat_broker', 'f' || i, true {people}",
        "insert into identity.int_identity__person_record by name select 'wechat_broker:f' || i as record_key, "
        f"'wechat_broker' as source_system, 'f' || i as source_record_id {people}",
        f"insert into identity.int_identity__customer_record select 'wechat_broker:f' || i, 'wf' || i {people}",
        f"insert into mart.customer by name select 'wf' || i as customer_id {people}",
        f"insert into core.customer by name select 'wf' || i as customer_id, true as has_marketing_consent {people}",
        "insert into mart.customer_tier by name select 'wf' || i as customer_id, 'ALL' as scope, 3 as tier, "
        f"'正常经营' as tier_name, 'T3_REGULAR' as rule_id, 'S3' as strategy_code {people}",
        *moves,
    )


@pytest.fixture
def platform() -> Platform:
    return Platform(followers={f"f{i}" for i in range(COUNT)})


@pytest.fixture
def account(settings: Settings, platform: Platform, tmp_path: Path) -> Iterator[Settings]:
    with serving(platform) as address:
        declare(settings, tmp_path, address)
        yield settings


def declare(settings: Settings, folder: Path, address: str, **more: Any) -> None:
    (folder / "secret").write_text("s3cret\n", encoding="utf-8")
    target = {"connector": "wechat", "app_id": "wx01", "secret_file": str(folder / "secret"), "base_url": address}
    target |= {"attempts": 3, "first_pause_seconds": 0.01, **more}
    settings.delivery_file.parent.mkdir(parents=True, exist_ok=True)
    settings.delivery_file.write_text(yaml.safe_dump({"wechat": {"wechat_broker": target}}), encoding="utf-8")


def export(settings: Settings, generation: Path) -> PackageResult:
    (result,) = export_all(settings, generation, ["wechat"], ["wechat_broker"])
    return result


def send(settings: Settings, generation: Path) -> DeliveryOutcome:
    export(settings, generation)
    (outcome,) = deliver(settings, "2026-02-28")
    return outcome


def acks(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(settings.landing.glob("acks/*/*.ack.json"))]


def test_every_follower_gets_its_tag_fifty_a_call_and_the_ack_counts(
    account: Settings, platform: Platform, tmp_path: Path
) -> None:
    outcome = send(account, followers(tmp_path, 1, {"f7": 1}))
    assert (outcome.problem, outcome.is_new) == ("", True)
    assert platform.names_on("f7") == {"G层级-重点经营"}
    assert all(platform.names_on(f"f{i}") == {"G层级-正常经营"} for i in range(COUNT) if i != 7)
    assert sorted(len(body["openid_list"]) for _, body in platform.tagging_calls()) == [1, 19, 50, 50]
    (ack,) = acks(account)
    assert (ack["status"], ack["rejected"]) == ("ACCEPTED", [])
    ingest_source(account, "acks")  # through the front door
    assert [each.outcome for each in ledger.judge(all_packages(account), ledger.read_acks(account))] == ["COUNTED"]
    after = export(account, followers(tmp_path, 2, {"f7": 1}))
    assert after.totals["change"] == {"NEW": 0, "CHANGED": 0, "SAME": COUNT, "REMOVED": 0}


def test_only_the_difference_is_sent(account: Settings, platform: Platform, tmp_path: Path) -> None:
    send(account, followers(tmp_path, 1, {}))
    platform.calls.clear()
    send(account, followers(tmp_path, 2, {"f3": 2}))
    untag, tag = platform.tagging_calls()
    assert (untag[0][-14:], untag[1]["openid_list"]) == ("batchuntagging", ["f3"])
    assert (tag[0][-12:], tag[1]["openid_list"]) == ("batchtagging", ["f3"])
    assert platform.names_on("f3") == {"G层级-重点开发"}
    platform.calls.clear()
    assert not deliver(account, "2026-02-28")[0].is_new
    assert platform.calls == []


def test_a_worn_out_token_is_fetched_anew_once_and_kept_over_runs(account: Settings, platform: Platform, tmp_path: Path) -> None:
    send(account, followers(tmp_path, 1, {}))
    assert platform.tokens == 1
    platform.worn_out = True
    assert send(account, followers(tmp_path, 2, {"f3": 2})).problem == ""
    assert platform.tokens == 2
    assert send(account, followers(tmp_path, 3, {"f3": 1})).problem == ""
    assert platform.tokens == 2


def test_a_busy_platform_is_asked_again(account: Settings, platform: Platform, tmp_path: Path) -> None:
    platform.faults = [-1, 45009]
    assert send(account, followers(tmp_path, 1, {})).problem == ""
    assert len(platform.tagging_calls()) == 3 + 2


def test_who_is_no_follower_is_refused_alone_told_and_not_sent_again(
    account: Settings, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.followers -= {"f5", "f77"}
    assert send(account, followers(tmp_path, 1, {})).problem == ""
    assert sum(bool(platform.on[f"f{i}"]) for i in range(COUNT)) == COUNT - 2
    (ack,) = acks(account)
    assert (ack["status"], ack["rejected"]) == (
        "PARTIAL",
        [{"openid": "f5", "reason": "40003"}, {"openid": "f77", "reason": "40003"}],
    )
    ingest_source(account, "acks")
    platform.calls.clear()
    second = followers(tmp_path, 2, {})
    assert export(account, second).totals["change"]["NEW"] == 2
    send(account, second)
    assert platform.calls == [] and acks(account)[1]["status"] == "PARTIAL"
    platform.followers |= {"f5"}
    later = runlog.now() + timedelta(days=31)
    monkeypatch.setattr(runlog, "now", lambda: later)
    send(account, followers(tmp_path, 3, {}))
    assert platform.names_on("f5") == {"G层级-正常经营"}
    assert acks(account)[2]["rejected"] == [{"openid": "f77", "reason": "40003"}]


def test_a_person_with_twenty_tags_is_refused_alone(account: Settings, platform: Platform, tmp_path: Path) -> None:
    platform.tags |= {200 + i: f"tag{i}" for i in range(20)}
    platform.on["f9"] = {200 + i for i in range(20)}
    assert send(account, followers(tmp_path, 1, {})).problem == ""
    assert acks(account)[0]["rejected"] == [{"openid": "f9", "reason": "45059"}]


def test_the_daily_limit_is_remembered_and_the_next_day_goes_on(
    settings: Settings, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(platform) as address:
        declare(settings, tmp_path, address, daily_calls=2)
        assert "the day's calls are used up" in send(settings, followers(tmp_path, 1, {})).problem
        assert acks(settings) == []
        assert "the day's calls are used up" in deliver(settings, "2026-02-28")[0].problem
        assert len(platform.tagging_calls()) == 2
        tomorrow = runlog.now() + timedelta(days=1)
        monkeypatch.setattr(runlog, "now", lambda: tomorrow)
        assert deliver(settings, "2026-02-28")[0].problem == ""
    assert len(platform.tagging_calls()) == 3
    assert all(platform.on[f"f{i}"] for i in range(COUNT))
    assert acks(settings)[0]["status"] == "ACCEPTED"


def test_the_platforms_own_limit_ends_the_day(account: Settings, platform: Platform, tmp_path: Path) -> None:
    platform.daily_calls = 1
    assert "the day's calls are used up" in send(account, followers(tmp_path, 1, {})).problem
    asked = len(platform.tagging_calls())
    assert asked == 1 + 3  # one was taken, one was tried three times
    deliver(account, "2026-02-28")
    assert len(platform.tagging_calls()) == asked


def test_a_transfer_that_broke_off_goes_on_where_it_stopped(account: Settings, platform: Platform, tmp_path: Path) -> None:
    platform.die_after = 2
    problem = send(account, followers(tmp_path, 1, {})).problem
    assert "goes on from there" in problem and "token" not in problem and "s3cret" not in problem
    platform.die_after = None
    platform.calls.clear()
    assert deliver(account, "2026-02-28")[0].problem == ""
    assert [len(body["openid_list"]) for _, body in platform.tagging_calls()] == [20]


def test_an_account_full_of_tags_is_told(account: Settings, platform: Platform, tmp_path: Path) -> None:
    platform.tags = {i: f"tag{i}" for i in range(100)}
    assert "the account has 100 of 100 tags" in send(account, followers(tmp_path, 1, {})).problem
    assert platform.tagging_calls() == []


def test_nothing_is_kept_of_who_is_listed_no_more(account: Settings, platform: Platform, tmp_path: Path) -> None:
    send(account, followers(tmp_path, 1, {}))
    send(account, followers(tmp_path, 2, {}, count=100))
    (state,) = (account.home / "delivery" / "wechat").glob("*.sqlite")
    assert state.stat().st_mode & 0o077 == 0
    assert b"f119" not in state.read_bytes() or not kept(state, "f119")


def kept(state: Path, openid: str) -> bool:
    import sqlite3

    with sqlite3.connect(state) as connection:
        return bool(connection.execute("select 1 from member where openid = ?", [openid]).fetchall())


def test_a_wrong_secret_is_told_without_showing_it(account: Settings, platform: Platform, tmp_path: Path) -> None:
    platform.secret = "another"
    problem = send(account, followers(tmp_path, 1, {})).problem
    assert "40125" in problem and "s3cret" not in problem
