"""Packages as a recipient finds them: files, protocol, ownership, determinism, retries and kills."""

from __future__ import annotations

from pathlib import Path

import fastexcel
import pytest
from exports_generation import write_generation
from recipient_view import BANK_COLUMNS as COLUMNS
from recipient_view import bank_rows, content, csv_rows, json_rows, manifest

from exports import package as packaging
from exports.package import PackageResult
from exports.run import export_all
from warehouse.errors import GlifeError
from warehouse.settings import Settings


def package_of(results: list[PackageResult], recipient: str) -> Path:
    return next(result.folder for result in results if result.recipient == recipient)


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_recipients_are_those_of_the_declarations(settings: Settings, generation: Path) -> None:
    found = {(result.channel, result.recipient) for result in export_all(settings, generation)}
    assert found == {
        ("individual", "31"),
        ("individual", "44"),
        ("broker", "P001"),  # its newest closed quarter says CONTINUE, the one before EXIT
        ("broker", "P002"),  # no score yet; P003 has left, P004's newest quarter says EXIT
        ("banca", "ICBC"),
        ("banca", "CMB"),
        ("wechat", "wechat_individual"),
        ("wechat", "wechat_broker"),
        ("wechat", "wechat_banca"),
        ("crm", "crm"),
    }


def test_package_has_data_then_manifest_then_mark(settings: Settings, generation: Path) -> None:
    for result in export_all(settings, generation):
        stated = manifest(result.folder)
        names = {path.name for path in result.folder.iterdir()}
        assert names == {file["name"] for file in stated["files"]} | {"dictionary.csv", "manifest.json", "_READY"}
        assert stated["package_id"] == result.folder.name == result.package_id
        assert (stated["as_of"], stated["generation_id"]) == ("2026-01-31", "20260131-0123456789ab")
        assert (stated["mode"], stated["base_package_id"], stated["held"]) == ("full", None, False)
        for file in stated["files"]:
            assert packaging.sha256_of(result.folder / file["name"]) == file["sha256"]
            assert sum(file["totals"]["tier"].values()) == file["rows"] == sum(file["totals"]["change"].values())


def test_csv_has_the_published_columns_and_the_recipients_own_values(settings: Settings, generation: Path) -> None:
    folder = package_of(export_all(settings, generation, ["broker"]), "P001")
    assert content(settings, folder, "tier_list.csv").startswith(b"\xef\xbb\xbf")
    (row,) = csv_rows(settings, folder)
    assert list(row) == COLUMNS
    assert (row["name"], row["mobile"]) == ('=王"小明', "+13922220001")  # its own row's, not the client's
    assert row["source_record_ids"] == "P001:000000000000000002"
    assert row["policies"] == "000000000000000002:HOLDER"
    assert (row["next_due_on"], row["serving_agent"]) == ("2026-02-15", "PA1")
    assert (row["change"], row["tier"], row["previous_tier"]) == ("NEW", "1", "")


def test_workbook_cells_are_typed_text(settings: Settings, generation: Path) -> None:
    folder = package_of(export_all(settings, generation, ["broker"]), "P001")
    sheet = fastexcel.read_excel(content(settings, folder, "tier_list.xlsx")).load_sheet("名单", dtypes=None).to_polars()
    assert sheet.columns == COLUMNS
    row = sheet.row(0, named=True)
    assert row["name"] == '=王"小明'
    assert row["mobile"] == "+13922220001"
    assert row["source_record_ids"] == "P001:000000000000000002"


def test_bank_file_is_gb18030_with_header_trailer_and_clean_separators(settings: Settings, generation: Path) -> None:
    folder = package_of(export_all(settings, generation, ["banca"]), "ICBC")
    text = (folder / "TIER_20260131.dat").read_bytes().decode("gb18030")
    header, line, trailer, rest = text.split("\r\n")
    assert (header, trailer, rest) == ("HDR|TIER|20260131", "TRL|1|0", "")
    fields = dict(zip(COLUMNS, line.split("|"), strict=True))
    assert fields["name"] == "钱　七　𠮷"
    assert fields["mobile"] == "13944440001"  # the referral's, never the core system's
    assert manifest(folder)["replaced"] == [{"file": "TIER_20260131.dat", "line": 2, "column": "name", "replaced": 2}]


def test_empty_list_is_a_whole_package(settings: Settings, generation: Path) -> None:
    folder = package_of(export_all(settings, generation, ["banca"]), "CMB")
    assert (folder / "TIER_20260131.dat").read_bytes() == b"HDR|TIER|20260131\r\nTRL|0|0\r\n"
    with_xlsx = write_generation(
        generation.parent / "none", "delete from core.policy", "delete from identity.int_identity__person_record"
    )
    folder = package_of(export_all(settings, with_xlsx, ["individual"], ["44"]), "44")
    assert csv_rows(settings, folder) == []
    assert fastexcel.read_excel(folder / "tier_list.xlsx").sheet_names == ["说明", "名单"]


def test_wechat_tags_present_followers_only(settings: Settings, generation: Path) -> None:
    folder = package_of(export_all(settings, generation, ["wechat"]), "wechat_broker")
    assert json_rows(folder, "tag_sync.jsonl") == [{"openid": "o1", "add": ["G层级-重点经营"], "remove": []}]


def test_crm_gets_everybody_with_tags_records_and_policies(settings: Settings, generation: Path) -> None:
    folder = package_of(export_all(settings, generation, ["crm"]), "crm")
    profiles = {line["customer_id"]: line for line in json_rows(folder, "customers.jsonl")}
    assert set(profiles) == {f"c{number}" for number in range(1, 8)}
    first = profiles["c1"]
    assert [tag["tag"] for tag in first["tags"]] == ["喜欢年金"]
    assert [policy["roles"] for policy in first["policies"]] == [["HOLDER", "INSURED"], ["HOLDER"]]
    assert [policy["roles"] for policy in profiles["c3"]["policies"]] == [["BENEFICIARY"]]
    assert (first["points_alive"], first["vip_level"]) == (1200, "银卡")


def test_without_marketing_consent_there_is_service_only(settings: Settings, generation: Path) -> None:
    results = export_all(settings, generation, ["individual", "broker"])
    (prospect,) = csv_rows(settings, package_of(results, "44"))  # the cancelled policy's holder is not served
    assert (prospect["strategy"], prospect["recommended_lines"]) == ("仅服务：公众号服务", "")
    (holder,) = csv_rows(settings, package_of(results, "31"))
    # LIFE is covered, ANNUITY is no longer on sale
    assert (holder["strategy"], holder["recommended_lines"]) == ("重点经营服务：每30天联系；尊享服务;绿色通道", "CI")


def test_a_partner_gets_the_tier_of_its_own_scope_unless_sharing_was_agreed(settings: Settings, generation: Path) -> None:
    rows = csv_rows(settings, package_of(export_all(settings, generation, ["broker"]), "P002"))
    assert [row["tier"] for row in rows] == ["4", "5"]  # company-wide these two are 3 and 2


def test_lists_hold_nothing_of_other_recipients(settings: Settings, generation: Path) -> None:
    results = export_all(settings, generation, ["individual", "broker", "banca"])
    own = {
        "31": {"C1", "13911110001"},
        "44": {"L1", "13933330001"},
        "P001": {"P001:", "13922220001"},
        "P002": {"P002:", "13922220009"},
        "ICBC": {"R1", "13944440001"},
    }
    refs: dict[str, set[str]] = {}
    for recipient in own:
        folder = package_of(results, recipient)
        (name,) = {"tier_list.csv", "TIER_20260131.dat"} & {path.name.removesuffix(".pgp") for path in folder.iterdir()}
        text = content(settings, folder, name).decode("gb18030" if name.endswith(".dat") else "utf-8")
        text += (folder / "manifest.json").read_text(encoding="utf-8")
        for other, identifiers in own.items():
            assert all((identifier in text) == (other == recipient) for identifier in identifiers), (recipient, other)
        if name == "tier_list.csv":
            refs[recipient] = {row["customer_ref"] for row in csv_rows(settings, folder)}
    assert len(set.union(*refs.values())) == sum(len(each) for each in refs.values())


def test_same_generation_gives_the_same_bytes(settings: Settings, generation: Path, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"home": tmp_path / "other"})
    first, second = export_all(settings, generation), export_all(elsewhere, generation)
    assert [each.package_id for each in first] == [each.package_id for each in second]
    plain = {name for name in all_bytes(settings.outbox) if "broker/P" not in name}
    assert len(plain) > 20
    assert {n: b for n, b in all_bytes(settings.outbox).items() if n in plain} == {
        n: b for n, b in all_bytes(elsewhere.outbox).items() if n in plain
    }
    for one, other in zip(first, second, strict=True):
        if one.channel == "broker":
            for name in ("tier_list.csv", "tier_list.xlsx"):
                assert content(settings, one.folder, name) == content(elsewhere, other.folder, name)


def test_a_retry_is_no_new_package(settings: Settings, generation: Path) -> None:
    first = export_all(settings, generation)
    before = all_bytes(settings.outbox)
    second = export_all(settings, generation)
    assert all(result.is_new for result in first) and not any(result.is_new for result in second)
    assert [result.package_id for result in first] == [result.package_id for result in second]
    assert all_bytes(settings.outbox) == before


@pytest.mark.parametrize("step", ["write_json", "fsync_folder", "mark_ready"])
def test_a_killed_export_leaves_no_marked_half_and_the_next_one_finishes(
    settings: Settings, generation: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(packaging, step, die)
        with pytest.raises(KeyboardInterrupt):
            export_all(settings, generation, ["broker"])
    assert not list(settings.outbox.rglob("_READY"))
    results = export_all(settings, generation, ["broker"])
    assert {result.recipient for result in results} == {"P001", "P002"}
    assert len(list(settings.outbox.rglob("_READY"))) == 2
    assert not list(settings.outbox.rglob("*.draft"))


def test_a_recipient_code_never_leaves_the_outbox(settings: Settings, generation: Path) -> None:
    with_evil = write_generation(
        generation.parent / "evil", "update core.partner set partner_code = '../../x' where name = '甲经纪'"
    )
    results = export_all(settings, with_evil, ["broker"])
    assert all(settings.outbox / "broker" in result.folder.parents for result in results)
    assert not any(".." in result.folder.parts for result in results)


def test_unknown_channel_and_missing_generation_are_refused(settings: Settings, generation: Path) -> None:
    with pytest.raises(GlifeError, match="no channel 'pigeon'"):
        export_all(settings, generation, ["pigeon"])
    with pytest.raises(GlifeError, match="no restricted"):
        export_all(settings, generation / "none")


def test_a_merge_over_evidence_elsewhere_does_not_show_to_another_company(settings: Settings, generation: Path) -> None:
    apart = write_generation(
        generation.parent / "apart",
        "update core.own_group set own_group = record_key where scope = 'ICBC'",
        "update core.tier set own_group = 'core_banca:B1', tier = 4 where own_group = 'channel_banca:R1'",
        "insert into core.tier by name select * replace ('channel_banca:R1' as own_group, 5 as tier) "
        "from core.tier where own_group = 'core_banca:B1'",
    )
    (result,) = export_all(settings, apart, ["banca"], ["ICBC"])
    assert {(line["source_record_ids"], line["policies"], line["tier"]) for line in bank_rows(result.folder)} == {
        ("R1", "", "5"),
        ("", "000000000000000001:HOLDER/INSURED", "4"),
    }


def test_two_customers_that_own_records_alone_make_one_are_one_line(settings: Settings, generation: Path) -> None:
    together = write_generation(
        generation.parent / "together",
        "update core.own_group set own_group = 'channel_broker:P002:x' where scope = 'P002'",
        "delete from core.tier where scope = 'P002' and own_group like 'core_life%'",
        "update core.customer set has_marketing_consent = customer_id = 'c2'",
    )
    (row,) = csv_rows(settings, package_of(export_all(settings, together, ["broker"], ["P002"]), "P002"))
    assert (row["source_record_ids"], row["tier"]) == ("P002:x", "5")
    assert row["policies"] == "000000000000000003:HOLDER/INSURED/BENEFICIARY"  # once, though it is paid twice
    assert row["strategy"].startswith("仅服务")  # one of the two did not agree


def test_tags_of_other_channels_come_with_consent_to_sharing_only(settings: Settings, generation: Path) -> None:
    (row,) = csv_rows(settings, package_of(export_all(settings, generation, ["broker"], ["P001"]), "P001"))
    assert row["tags"] == "喜欢年金=是"
    refusing = write_generation(
        generation.parent / "refusing",
        "update core.customer set has_sharing_consent = false",
        "insert into core.own_group values ('P001', 'core_life:C1', 'core_life:C1'), "
        "('P001', 'channel_broker:P001:000000000000000002', 'core_life:C1')",
        "insert into core.tier values ('c1', 'P001', 3, '正常经营', 'T3_REGULAR', 'S3', 40, 0, 'core_life:C1')",
        "update mart.generation set generation_id = '20260201-x'",
        "insert into mart.customer_tag values ('c1', 'VIP', null, 'channel_broker', 'P001:000000000000000002', null)",
    )
    (row,) = csv_rows(settings, package_of(export_all(settings, refusing, ["broker"], ["P001"]), "P001"))
    assert (row["tags"], row["tier"]) == ("VIP", "3")
