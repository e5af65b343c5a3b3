"""The sample keeps sources.md: same bytes for a seed, every code, true manifests, truth that a reader confirms."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from ingest.run import ingest_all
from sample import vocab
from sample.generate import write_sample
from warehouse.errors import GlifeError
from warehouse.settings import get_settings

PERSONS = 300
STATUS = {"loaded": "ACCEPTED", "replaced": "ACCEPTED", "rejected": "REJECTED", "not complete": "INCOMPLETE"}


@dataclass(frozen=True)
class Sample:
    """A small sample and its truth."""

    landing: Path
    truth: Path

    def totals(self) -> dict[str, dict[str, dict[str, object]]]:
        """deliveries of totals.json: folder -> source -> status, mode, files."""
        body: dict[str, dict[str, dict[str, object]]] = json.loads((self.truth / "totals.json").read_text())["deliveries"]
        return body

    def life(self, table: str) -> pl.DataFrame:
        """All rows of a core_life table in its good deliveries, as text."""
        parts = []
        for folder in sorted((self.landing / "core_life").iterdir()):
            if folder.name not in ("2026-02-14", "2026-03-15"):
                text = gzip.decompress((folder / f"{table}.csv.gz").read_bytes())
                parts.append(pl.read_csv(text, infer_schema=False, encoding="utf8-lossy", truncate_ragged_lines=True))
        return pl.concat(parts, how="diagonal")

    def banca(self, kind: str) -> list[list[str]]:
        """Detail records of a core_banca file type, decoded strictly but for the rows that are bad on purpose."""
        records = []
        for path in sorted((self.landing / "core_banca").rglob(f"{kind}_*.dat")):
            text = path.read_bytes().decode("gb18030", errors="replace")
            records += [line.split("|") for line in text.split("\r\n")[1:-2]]
        return records

    def lines(self, source: str, table: str) -> list[dict[str, object]]:
        """Objects of a JSON Lines table, all dates; unreadable lines left out."""
        found = []
        for path in sorted((self.landing / source).rglob(f"{table}.jsonl")):
            for line in path.read_bytes().split(b"\n"):
                try:
                    value = json.loads(line)
                except ValueError:
                    continue
                found += [value] if isinstance(value, dict) else []
        return found


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """One sample for all tests of this file; nobody changes it."""
    report = write_sample(PERSONS, tmp_path_factory.mktemp("sample") / "landing")
    return Sample(report.landing, report.truth)


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_gives_the_same_bytes_and_another_seed_others(sample: Sample, tmp_path: Path) -> None:
    again = write_sample(PERSONS, tmp_path / "again")
    assert contents(again.landing) == contents(sample.landing)
    assert contents(again.truth) == contents(sample.truth)
    other = write_sample(PERSONS, tmp_path / "other", seed=7)
    assert contents(other.landing) != contents(sample.landing)


def test_every_code_of_core_life_appears(sample: Sample) -> None:
    wanted = {
        ("client", "sex"): {"M", "F", None},
        ("client", "id_type"): set(vocab.ID_TYPES),
        ("client", "marital_status"): {*vocab.MARITAL, None},
        ("client", "education"): {*vocab.EDUCATION, None},
        ("client", "marketing_consent"): {"Y", "N", None},
        ("client", "is_deleted"): {"Y", "N"},
        ("policy", "channel"): {"IND", "BRK", "NET", "TEL", "GRP"},
        ("policy", "status"): set(vocab.BANCA_STATUS),
        ("policy", "pay_mode"): set(vocab.PAY_MODES),
        ("policy_party", "role"): {"HOLDER", "INSURED", "BENEFICIARY"},
        ("policy_party", "relation_to_holder"): set(vocab.RELATIONS),
        ("policy_party", "is_deleted"): {"Y", "N"},
        ("policy_event", "event_type"): {*vocab.BANCA_EVENT, "CHANGE_AGENT", "CHANGE_HOLDER"},
        ("claim", "claim_type"): {"DEATH", "CI", "MEDICAL", "ACCIDENT"},
        ("claim", "decision"): {"OPEN", "PAID", "REJECTED"},
        ("product", "line"): set(vocab.LINES),
        ("branch", "level"): {"1", "2", "3"},
    }
    for (table, column), codes in wanted.items():
        assert codes <= set(sample.life(table)[column].to_list()), (table, column)


def test_every_code_of_core_banca_appears(sample: Sample) -> None:
    wanted = {
        ("CUST", 2): {"1", "2", "9"},
        ("CUST", 4): set(vocab.BANCA_ID.values()),
        ("CUST", 11): {*vocab.BANCA_MARITAL.values(), "9"},
        ("CUST", 12): {*vocab.BANCA_EDUCATION.values(), "9"},
        ("CUST", 13): {"1", "0", ""},
        ("POLY", 3): set(vocab.BANCA_RELATION.values()),
        ("POLY", 13): set(vocab.BANCA_STATUS.values()),
        ("POLY", 15): set(vocab.BANCA_PAY_MODE.values()),
        ("EVNT", 2): set(vocab.BANCA_EVENT.values()),
    }
    for (kind, index), codes in wanted.items():
        assert codes <= {record[index] for record in sample.banca(kind) if len(record) > index}, (kind, index)


def test_every_code_of_the_json_sources_appears(sample: Sample) -> None:
    wanted = {
        ("wechat_individual", "events", "event"): {"subscribe", "unsubscribe", *vocab.WECHAT_EVENTS},
        ("wechat_individual", "followers", "subscribe"): {0, 1},
        ("crm", "activities", "kind"): set(vocab.ACTIVITY_KINDS),
        ("crm", "surveys", "kind"): {"CSAT", "NPS"},
        ("crm", "complaints", "severity"): {"MINOR", "MAJOR"},
        ("crm", "consents", "purpose"): {"MARKETING", "CROSS_CHANNEL_SHARING"},
        ("crm", "consents", "granted"): {True, False},
        ("crm", "customer_tags", "retired"): {True, False},
    }
    for (source, table, field), codes in wanted.items():
        values = [row.get(field) for row in sample.lines(source, table)]
        assert codes <= {value for value in values if not isinstance(value, dict)}, (source, table, field)
    named = {key for row in sample.lines("crm", "activities") for key in row["who"]}  # type: ignore[attr-defined]
    assert named == {"system", "record_id", "name", "mobile", "email", "id_number", "birth_date"}
    assert {"system", "policy_no", "name", "id_last4"} <= {k for row in sample.lines("wechat_banca", "bindings") for k in row}


def test_the_known_trouble_is_there(sample: Sample) -> None:
    clients = sample.life("client")
    numbers = clients["id_number"].drop_nulls()
    assert (numbers.str.len_chars() == 15).any()
    assert numbers.str.contains("x$").any()
    assert numbers.str.contains("[０-９]").any()
    assert (numbers.str.contains("O") & (numbers.str.len_chars() == 18)).any()
    assert (numbers == vocab.PLACEHOLDER_ID).any()
    assert clients["mobile"].drop_nulls().is_in(vocab.PLACEHOLDER_MOBILES).any()
    assert (clients["birth_date"] == "1900-01-01").any()
    assert clients["address"].drop_nulls().str.contains("\n").any()
    assert clients["mobile"].value_counts()["count"].max() > 1  # type: ignore[operator]


def test_manifests_are_true_unless_the_truth_says_otherwise(sample: Sample) -> None:
    seen = 0
    for path in sample.landing.rglob("_manifest.json"):
        manifest = json.loads(path.read_text())
        known = sample.totals()[path.parent.name][manifest["source"]]
        if known["status"] == "rejected":
            continue
        for file in manifest["files"]:
            assert hashlib.sha256((path.parent / file["name"]).read_bytes()).hexdigest() == file["sha256"]
            seen += 1
    assert seen > 100


def test_gb18030_decodes_and_the_trailers_hold(sample: Sample) -> None:
    spoiled = pl.read_csv(sample.truth / "bad_rows.csv").filter(pl.col("why") == "bad_encoding")
    bad = set(spoiled.select("file", "line_number").iter_rows())
    for path in (sample.landing / "core_banca").rglob("*.dat"):
        records = path.read_bytes().split(b"\r\n")
        for number, record in enumerate(records, start=1):
            if (path.name, number) not in bad:
                codecs.decode(record, "gb18030", "strict")
        assert records[0].decode() == f"HDR|{path.name[:4]}|{path.parent.name.replace('-', '')}"
        assert int(records[-2].split(b"|")[1]) == len(records) - 3


def test_workbooks_open(sample: Sample) -> None:
    folder = sample.landing / "channel_broker" / "2026-01-31"
    rows = fastexcel.read_excel(folder / "partners.xlsx").load_sheet(0, header_row=None).to_polars()
    assert "合计" in rows.select(pl.concat_str(pl.all(), ignore_nulls=True)).to_series().str.join("").item()
    assert {p.name for p in folder.iterdir()} >= {"violations.xlsx", "partner_agents.xlsx", "customers_P001.xlsx"}


def test_an_instalment_appears_when_the_one_before_is_settled(sample: Sample) -> None:
    dues = sample.life("premium_due").with_columns(pl.col("instalment_no").cast(pl.Int64, strict=False).alias("n"))
    dues = dues.filter((pl.col("n") < 9000) & (pl.col("policy_no") != ""))
    last = dues.unique(("policy_no", "n"), keep="last", maintain_order=True)
    cancelled = sample.life("policy").filter(pl.col("status") == "CANCELLED")["policy_no"]
    paid = pl.col("amount_paid").cast(pl.Decimal(18, 2), strict=False).fill_null(Decimal(0))
    due = pl.col("amount_due").cast(pl.Decimal(18, 2), strict=False)
    open_ones = last.filter(paid < due)
    assert open_ones.filter(~pl.col("policy_no").is_in(cancelled.implode()))["policy_no"].is_unique().all()
    newest = last.group_by("policy_no").agg(pl.col("n").max().alias("newest"), pl.len().alias("count"))
    assert (newest["newest"] == newest["count"]).all()
    first = last.filter(pl.col("policy_no").is_in(cancelled.implode()))
    assert (first["n"] == 1).all()
    assert first.filter(pl.col("paid_on").is_not_null()).is_empty()


def test_ingest_refuses_exactly_what_the_truth_lists(sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOME": tmp_path, "LANDING": sample.landing, "QUIET_SECONDS": 0}.items():
        monkeypatch.setenv(f"GLIFE_{name}", str(value))
    settings = get_settings()
    ingest_all(settings)
    for folder, sources in sample.totals().items():
        for source, known in sources.items():
            commit = json.loads((settings.lake_dir / "commits" / source / f"{folder}.json").read_text())
            assert commit["status"] == STATUS[str(known["status"])], (source, folder, commit["reason"])
            if commit["status"] != "ACCEPTED":
                continue
            files = {file["name"]: file for file in commit["files"]}
            for name, truth in known["files"].items():  # type: ignore[attr-defined]
                read = files[name]
                counts = (read["rows_read"], read["rows_loaded"], read["rows_quarantined"])
                assert counts == (truth["rows"], truth["loaded"], truth["bad"]), (source, folder, name)
                for column, sums in truth["sums"].items():
                    assert list(read["sums"][column].values()) == [sums["all"], sums["loaded"], sums["bad"]]
    quarantined = pl.concat(
        pl.read_parquet(path).select("source_system", pl.col("business_date").cast(pl.String), "file_name", "line_number")
        for path in sorted((settings.lake_dir / "quarantine").rglob("*.parquet"))
    )
    wanted = pl.read_csv(sample.truth / "bad_rows.csv").select("source", "business_date", "file", "line_number")
    assert set(quarantined.iter_rows()) == set(wanted.iter_rows())


def test_truth_names_each_record_once_and_only_delivered_ones(sample: Sample) -> None:
    truth = pl.read_csv(sample.truth / "person_of.csv", infer_schema=False)
    assert not truth.select("source_system", "source_record_id").is_duplicated().any()
    delivered = set(sample.life("client")["client_id"].to_list())
    known = set(truth.filter(pl.col("source_system") == "core_life")["source_record_id"].to_list())
    assert known == {c for c in delivered if c and "BAD" not in c}
    followers = {
        str(r["openid"])
        for s in ("individual", "broker", "banca")
        for r in sample.lines(f"wechat_{s}", "followers")
        if "openid" in r
    }
    known = set(truth.filter(pl.col("source_system").str.starts_with("wechat"))["source_record_id"].to_list())
    assert known == {f for f in followers if not f.startswith("BAD")}
    assert {"deleted", "left the full list", "erased"} <= set(truth["gone_why"].to_list())


def test_a_folder_in_use_is_not_written_into(sample: Sample) -> None:
    with pytest.raises(GlifeError, match="not empty"):
        write_sample(PERSONS, sample.landing)
