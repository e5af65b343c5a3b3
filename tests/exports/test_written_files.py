"""What leaves is looked at once more in the written files; columns leave as their metadata allows; long lists are split."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import fastexcel
import pytest
from exports_generation import write_generation
from lake_acks import generation_of
from recipient_view import bank_rows, content, csv_rows, json_rows, manifest

from exports import workers, writing
from exports.formats import workbook
from exports.formats.table import ListTable, Written
from exports.run import export_all
from warehouse.errors import GlifeError
from warehouse.settings import Settings


def tampering(name: str, replace: dict[str, str]):
    """The real writer of a format, after which somebody changed texts of the written file."""
    real = writing._WRITERS[name]

    def write(table: ListTable, path: Path) -> list[Written]:
        written = real(table, path)
        encoding = "gb18030" if name == "dat" else "utf-8"
        text = path.read_bytes().decode(encoding)
        for old, new in replace.items():
            assert old in text
            text = text.replace(old, new)
        path.write_bytes(text.encode(encoding))
        return written

    return write


@pytest.mark.parametrize(
    ("form", "channel", "recipient", "replace"),
    [
        ("csv", "individual", "44", {"仅服务：": "重点开发服务："}),  # sells to somebody who did not agree
        ("csv", "individual", "44", {"NEW": "NEW", ",5,暂时搁置": ",,暂时搁置"}),  # a line that says nothing
        ("csv", "individual", "44", {"L1": "L9"}),  # names a record of an erased person
        ("dat", "banca", "ICBC", {"|NEW|": "x|NEW|"}),  # a reference that was not planned
        ("dat", "banca", "ICBC", {"\r\nTRL": "\r\n\r\nTRL"}),  # a line too many
        ("jsonl", "wechat", "wechat_broker", {"o1": "o2"}),  # o2 has unsubscribed
        ("jsonl", "crm", "crm", {'"channel_individual","source_record_id":"L1"': '"crm","source_record_id":"L9"'}),
    ],
)
def test_a_file_that_says_what_it_must_not_is_not_sent(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    channel: str,
    recipient: str,
    replace: dict[str, str],
) -> None:
    erased = "insert into identity.int_identity__erased_record values ('{0}', 'L9', '{0}:L9')"
    generation = write_generation(tmp_path / "generation", erased.format("channel_individual"), erased.format("crm"))
    monkeypatch.setitem(writing._WRITERS, form, tampering(form, replace))
    with pytest.raises(GlifeError, match=r"written lines must not be there .* nothing was sent"):
        export_all(settings, generation, [channel], [recipient])
    assert not list(settings.outbox.rglob("_READY"))


def test_a_workbook_is_looked_at_too(settings: Settings, generation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = workbook._write_list

    def sell(sheet, styles, table, rows):  # type: ignore[no-untyped-def]
        return real(sheet, styles, table, ((*row[:7], "CI", *row[8:]) for row in rows))

    monkeypatch.setattr(workbook, "_write_list", sell)
    with pytest.raises(GlifeError, match=r"tier_list.xlsx: 1 of 1 written lines"):
        export_all(settings, generation, ["individual"], ["44"])


@pytest.mark.parametrize("name", ["mobile", "tier"])
def test_a_column_leaves_only_as_its_metadata_allows(settings: Settings, generation: Path, name: str) -> None:
    rules = json.loads((generation / "columns.json").read_text(encoding="utf-8"))
    model = "customer" if name == "mobile" else "customer_tier"
    rules[model][name]["exports"] = ["individual", "crm"]
    (generation / "columns.json").write_text(json.dumps(rules), encoding="utf-8")
    results = {each.recipient: each.folder for each in export_all(settings, generation)}
    for code, rows in {"P001": csv_rows(settings, results["P001"]), "ICBC": bank_rows(results["ICBC"])}.items():
        assert rows and {row[name] for row in rows} == {""}
        assert name in manifest(results[code])["withheld"]
    workbook_of_p001 = fastexcel.read_excel(content(settings, results["P001"], "tier_list.xlsx")).load_sheet("名单")
    assert workbook_of_p001.to_polars()[name].to_list() == [None]
    assert all(row[name] for row in csv_rows(settings, results["31"]))
    assert all(row[name] for row in json_rows(results["crm"], "customers.jsonl"))
    assert manifest(results["31"])["withheld"] == []


def test_a_generation_without_metadata_exports_nothing(settings: Settings, generation: Path) -> None:
    (generation / "columns.json").unlink()
    with pytest.raises(GlifeError, match="does not say which columns may leave"):
        export_all(settings, generation)


def test_more_lines_than_a_sheet_holds_make_further_files(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = lambda table, path: workbook.write_xlsx(table, path, rows_per_file=4)  # noqa: E731
    monkeypatch.setitem(writing._WRITERS, "xlsx", small)
    tiers = {person: 1 + person % 5 for person in range(10)}
    (package,) = export_all(settings, generation_of(tmp_path, 1, tiers), ["individual"], ["31"])
    stated = {file["name"]: file for file in manifest(package.folder)["files"]}
    parts = ["tier_list.xlsx", "tier_list_2.xlsx", "tier_list_3.xlsx"]
    assert [stated[name]["rows"] for name in parts] == [4, 4, 2]
    assert all(sum(stated[name]["totals"]["tier"].values()) == stated[name]["rows"] for name in parts)
    sheets = [fastexcel.read_excel(package.folder / name).load_sheet("名单", dtypes="string").to_polars() for name in parts]
    refs = [row[0] for sheet in sheets for row in sheet.rows()]
    with (package.folder / "tier_list.csv").open(encoding="utf-8-sig", newline="") as file:
        assert refs == [row["customer_ref"] for row in csv.DictReader(file)]


def test_processes_side_by_side_write_the_same_bytes(
    settings: Settings, generation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = export_all(settings, generation, ["individual", "crm"])
    monkeypatch.setattr(workers, "_WORTH_A_PROCESS", 1)
    elsewhere = settings.model_copy(update={"home": tmp_path / "other"})
    together = export_all(elsewhere, generation, ["individual", "crm"])
    for one, other in zip(alone, together, strict=True):
        names = sorted(path.name for path in one.folder.iterdir())
        assert names == sorted(path.name for path in other.folder.iterdir())
        assert all((one.folder / name).read_bytes() == (other.folder / name).read_bytes() for name in names)


TROUBLE = {
    "a": "0012345678901234567",
    "b": "=1+1",
    "c": "-2",
    "d": "@SUM(A1)",
    "e": "+8613911110001",
    "f": '王"小,明',
    "g": "多\r\n行|人",
    "h": "_x0041_ \x0b𠮷",
    "i": "https://example.com",
    "j": "11010119800101001X",
}


def test_values_stay_what_they_are_in_every_format(settings: Settings, tmp_path: Path) -> None:
    generation = generation_of(tmp_path, 1, {})
    import duckdb

    with duckdb.connect(str(generation / "restricted.duckdb")) as connection:
        connection.execute("delete from identity.int_identity__person_record where source_system like 'channel_%'")
        for system, code in (("channel_broker", "P001"), ("channel_banca", "ICBC")):
            for key, value in TROUBLE.items():
                connection.execute(
                    "insert into identity.int_identity__person_record by name select ? as record_key, ? as source_system, "
                    "? as source_record_id, ? as name, ? as mobile, 'P001' as partner_code, 'ICBC' as bank_code",
                    [f"{system}:{key}", system, key, value, value],
                )
                connection.execute("insert into identity.int_identity__customer_record values (?, ?)", [f"{system}:{key}", "c1"])
                connection.execute("insert into core.own_group values (?, ?, ?)", [code, f"{system}:{key}", f"{system}:{key}"])
                connection.execute(
                    "insert into core.tier select * replace (? as scope, ? as own_group) from core.tier "
                    "where customer_id = 'c1' and scope = 'ALL'",
                    [code, f"{system}:{key}"],
                )
    results = {each.recipient: each.folder for each in export_all(settings, generation, ["broker", "banca"], ["P001", "ICBC"])}
    listed = {row["source_record_ids"]: row for row in csv_rows(settings, results["P001"])}
    assert {key: listed[key]["name"] for key in TROUBLE} == TROUBLE
    sheet = fastexcel.read_excel(content(settings, results["P001"], "tier_list.xlsx")).load_sheet("名单", dtypes=None)
    cells = {row["source_record_ids"]: row for row in sheet.to_polars().to_dicts()}
    assert {key: cells[key]["mobile"] for key in TROUBLE} == {**TROUBLE, "g": "多\r\n行|人"}
    banks = {row["source_record_ids"]: row for row in bank_rows(results["ICBC"])}
    assert {key: banks[key]["name"] for key in TROUBLE} == {**TROUBLE, "g": "多　　行　人"}
    (line,) = {entry["line"] for entry in manifest(results["ICBC"])["replaced"]}
    written = (results["ICBC"] / "TIER_20260131.dat").read_bytes().decode("gb18030").split("\r\n")
    assert "多　　行　人" in written[line - 1]
