"""Deliveries made awkward: every value that sources.md allows and clean systems seldom send.

Rows stay within their contracts, so nothing more is refused or quarantined: what changes is what the rules must cope with.
The same key gets the same edits in every delivery.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from oracle.deliveries import BANCA_FIELDS, csv_rows

Row = dict[str, Any]
Edit = Callable[[Row], None]


def _put(**values: Any) -> Edit:
    return lambda row: row.update(values)


def _pay_half(row: Row) -> None:
    row["amount_paid"] = str((Decimal(row["amount_due"] or 0) / 2).quantize(Decimal("0.01")))


def _pay_after_grace(row: Row) -> None:
    if row["due_on"] and row["paid_on"]:
        row["paid_on"] = (date.fromisoformat(row["due_on"]) + timedelta(days=61)).isoformat()


def _pay_on_last_day(row: Row) -> None:
    if row["due_on"] and row["paid_on"]:
        row["paid_on"] = (date.fromisoformat(row["due_on"]) + timedelta(days=60)).isoformat()


_POLICY: list[Edit] = [
    _put(status=""),
    _put(status_on=""),
    _put(pay_mode=""),
    _put(pay_term_years=""),
    _put(issued_on=""),
    _put(effective_on=""),
    _put(branch_code=""),
    _put(branch_code="ZZ999999"),
    _put(product_code="NOPE"),
    _put(product_code=""),
    _put(agent_code="X9999999"),
    _put(agent_code=""),
    _put(partner_code="P999"),
    _put(partner_code=""),
    _put(partner_agent_code=""),
    _put(modal_premium="0.00"),
    _put(modal_premium=""),
    _put(channel="NET"),
    _put(channel="TEL"),
    _put(channel="GRP"),
    _put(channel=""),
    _put(effective_on="2024-02-29"),
    _put(effective_on="2020-02-29", issued_on="2020-02-29"),
    _put(status="LAPSED", status_on="2024-04-30"),
    _put(status="LAPSED", status_on="2024-05-01"),
    _put(status="DEATH", status_on=""),
    _put(status="SURRENDERED", status_on="2026-05-31"),
    _put(pay_mode="SINGLE", pay_term_years=""),
]
_INSTALMENT: list[Edit] = [
    _put(amount_due="0.00", amount_paid=""),
    _put(amount_due="0.00"),
    _put(paid_on=""),
    _put(due_on=""),
    _put(amount_due=""),
    _put(amount_paid="99.99"),
    _put(amount_paid="100.00"),
    _put(paid_on="2024-04-30"),
    _put(paid_on="2024-05-01"),
    _pay_half,
    _pay_after_grace,
    _pay_on_last_day,
]
_PARTY: list[Edit] = [
    _put(client_id="C_NOBODY"),
    _put(is_deleted="Y"),
    _put(role="BENEFICIARY", seq="9"),
    _put(seq="3"),
    _put(client_id=""),
]
_EVENT: list[Edit] = [_put(event_on=""), _put(detail="{}"), _put(detail="")]
_CLAIM: list[Edit] = [_put(decided_on=""), _put(policy_no="NOPE"), _put(amount_paid=""), _put(decision="")]
_CLIENT: list[Edit] = [
    _put(mobile="11111111111"),
    _put(mobile="不详"),
    _put(mobile="13800138000"),
    _put(annual_income="0.00"),
    _put(annual_income="1000000.00"),
    _put(marketing_consent=""),
    _put(marketing_consent="Y"),
    _put(marketing_consent="N"),
    _put(birth_date=""),
    _put(sex=""),
    _put(updated_at=""),
]
_AGENT: list[Edit] = [
    _put(入司日期=""),
    _put(入司日期="2025-04-30"),
    _put(入司日期="2025-05-01"),
    _put(入司日期="20260501"),
    _put(离职日期="2026-04-30"),
    _put(离职日期="2026/5/1"),
    _put(入司日期="2025-06-01", 出生日期="2005-06-01"),
    _put(入司日期="2025-06-01", 出生日期="1969/6/1"),
    _put(入司日期="2025-06-01", 出生日期="19690602"),
    _put(入司日期="2025-06-01", 学历="", 面试轮数=""),
    _put(入司日期="2025-06-01", 相关工作年限=""),
    _put(所属机构=""),
    _put(职级=""),
]
_PROSPECT: list[Edit] = [_put(登记日期=""), _put(年收入="0"), _put(营销同意=""), _put(手机号="10000000000"), _put(手机号="不详")]
_SURVEY: list[Edit] = [
    _put(score=None),
    _put(score=150),
    _put(score=7.5),
    _put(answered_at=None),
    _put(answered_at="2026-04-30T16:00:00+00:00"),  # the first of May in Shanghai
    _put(answered_at="2026-04-30T15:59:59+00:00"),
    _put(branch_code=None),
    _put(channel=None),
    _put(kind=None),
    _put(who={}),
    _put(who={"system": "core_life", "record_id": "C_NOBODY"}),
]
_CONSENT: list[Edit] = [
    _put(granted=None),
    _put(at=None),
    _put(purpose=None),
    _put(who={}),
    _put(granted=True),
    _put(granted=False),
]
_COMPLAINT: list[Edit] = [
    _put(severity="MAJOR", occurred_at="2026-04-30T10:00:00+08:00"),
    _put(severity="MAJOR", occurred_at="2026-04-30T10:00:00+08:00", agent_code=None),
    _put(severity="MAJOR", occurred_at="2025-05-01T00:00:00+08:00"),
    _put(severity="MAJOR", occurred_at="2025-04-30T23:59:59+08:00"),
    _put(severity=None),
    _put(occurred_at=None),
]
_EVENT_SEEN: list[Edit] = [_put(occurred_at=None), _put(campaign_code=None), _put(openid="o_nobody"), _put(event=None)]
_POLY: list[Edit] = [
    _put(holder=""),
    _put(insured=""),
    _put(insured="C_NOBODY"),
    _put(product_code="NOPE"),
    _put(branch_code=""),
    _put(bank_code=""),
    _put(bank_code="B99"),
    _put(outlet_code=""),
    _put(issued_on="00000000"),
    _put(effective_on=""),
    _put(effective_on="20240229"),
    _put(status=""),
    _put(status="02", status_on="20240501"),
    _put(status="05", status_on=""),
    _put(pay_mode=""),
    _put(pay_mode="0", pay_term_years=""),
    _put(pay_term_years=""),
]
_PREM: list[Edit] = [_put(due_on=""), _put(paid_on=""), _put(amount_paid=""), _put(amount_paid="9999"), _put(paid_on="20240501")]
_EDITS = {
    "POLY": (("policy_no",), _POLY, 6),
    "PREM": (("policy_no", "instalment_no"), _PREM, 8),
    "client": (("client_id",), _CLIENT, 8),
    "policy": (("policy_no",), _POLICY, 6),
    "premium_due": (("policy_no", "instalment_no"), _INSTALMENT, 8),
    "policy_party": (("policy_no", "role", "seq"), _PARTY, 12),
    "policy_event": (("policy_no", "event_seq"), _EVENT, 12),
    "claim": (("claim_no",), _CLAIM, 6),
    "agents": (("工号",), _AGENT, 2),
    "prospects": (("线索号",), _PROSPECT, 6),
    "surveys": (("survey_id",), _SURVEY, 2),
    "consents": (("consent_id",), _CONSENT, 3),
    "complaints": (("complaint_id",), _COMPLAINT, 2),
    "activities": (("activity_id",), [_put(occurred_at=None), _put(who={}), _put(agent_code=None)], 6),
    "events": (("event_id",), _EVENT_SEEN, 10),
    "bindings": (("openid",), [_put(bound_at=None), _put(mobile=None)], 8),
    "followers": (("openid",), [_put(subscribe=None), _put(subscribe=0)], 8),
}
_SUMS = {"policy": ("modal_premium", "sum_insured"), "premium_due": ("amount_due", "amount_paid"), "claim": ("amount_paid",)}
_SOURCES = ("core_life", "channel_individual", "crm", "wechat_individual", "wechat_broker", "wechat_banca")


def make_awkward(landing: Path, truth: Path) -> None:
    """Rewrite the good deliveries of a sample in place; the bad rows of core_life go, from the truth too."""
    refused = {(row["source"], row["folder"]) for row in _read_truth(truth / "bad_deliveries.csv")}
    bad_rows = _read_truth(truth / "bad_rows.csv")
    bad: dict[tuple[str, ...], set[int]] = {}
    for row in bad_rows:
        bad.setdefault((row["source"], row["folder"], row["file"]), set()).add(int(row["line_number"]))
    for folder in (folder for source in _SOURCES for folder in sorted((landing / source).iterdir())):
        if (folder.parent.name, folder.name) in refused:
            continue
        manifest = json.loads((folder / "_manifest.json").read_text(encoding="utf-8"))
        for entry in manifest["files"]:
            if entry["name"].split(".")[0] in _EDITS:
                rewrite = {".gz": _rewrite_core, ".csv": _rewrite_csv}.get(Path(entry["name"]).suffix, _rewrite_json)
                rewrite(folder / entry["name"], entry, bad.get((folder.parent.name, folder.name, entry["name"]), set()))
        (folder / "_manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    for file in sorted((landing / "core_banca").glob("*/P*.dat")):
        place = ("core_banca", file.parent.name, file.name)
        if place[:2] not in refused:
            _rewrite_dat(file, bad.get(place, set()))
    gone = [row for row in bad_rows if row["source"] == "core_life" and row["file"].split(".")[0] in _EDITS]
    with (truth / "bad_rows.csv").open("w", encoding="utf-8", newline="") as file:
        _write_rows(file, list(bad_rows[0]), [row for row in bad_rows if row not in gone])


def _edit(table: str, row: Row, clean: Callable[[str], str] = str) -> bool:
    """Change some rows, always the same ones in the same way; says whether it did."""
    keys, edits, one_in = _EDITS[table]
    chance = zlib.crc32("|".join(clean(str(row.get(key))) for key in keys).encode())
    if chance % one_in == 0:
        edits[chance // one_in % len(edits)](row)
    return chance % one_in == 0


def _rewrite_json(file: Path, entry: dict, bad_lines: set[int]) -> None:
    lines = file.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        if line.strip() and number not in bad_lines:
            row = json.loads(line)
            if _edit(file.stem, row):
                lines[number - 1] = json.dumps(row, ensure_ascii=False).encode()
    _replace(file, entry, b"\n".join(lines))


def _rewrite_csv(file: Path, entry: dict, bad_lines: set[int]) -> None:
    """A file of plain lines, whose bad ones stay where they are."""
    lines = file.read_bytes().decode("utf-8-sig").split("\n")
    names = lines[0].rstrip("\r").split(",")
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() and number not in bad_lines:
            row = dict(zip(names, line.rstrip("\r").split(","), strict=True))
            if _edit(file.stem, row):
                lines[number - 1] = ",".join(row.values()) + "\r" * line.endswith("\r")
    _replace(file, entry, "\n".join(lines).encode("utf-8-sig"))


def _rewrite_dat(file: Path, bad_lines: set[int]) -> None:
    """The control sums, premium and amount due, stay as they are."""
    table = file.stem.split("_")[0]
    lines = file.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        if line.strip() and number not in bad_lines and not line.startswith((b"HDR|", b"TRL|")):
            fields = line.decode("gb18030").rstrip("\r").split("|")
            row = dict(zip(BANCA_FIELDS[table].split(), fields, strict=True))
            if _edit(table, row, lambda value: value.strip(" \u3000")):
                lines[number - 1] = ("|".join(row.values()) + "\r").encode("gb18030")
    file.write_bytes(b"\n".join(lines))


def _replace(file: Path, entry: dict, content: bytes) -> None:
    file.write_bytes(content)
    entry["sha256"] = hashlib.sha256(content).hexdigest()


def _read_truth(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write_rows(file: IO[str], names: list[str], rows: list[Row]) -> None:
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _rewrite_core(file: Path, entry: dict, bad_lines: set[int]) -> None:
    table = file.name.split(".")[0]
    rows = [{name: text or "" for name, text in values.items()} for line, values in csv_rows(file) if line not in bad_lines]
    for row in rows:
        _edit(table, row)
    if table == "policy_event":
        rows += [added for row in rows if row["event_type"] == "ISSUE" for added in _changes_of_agent(row)]
    names = gzip.decompress(file.read_bytes()).decode("utf-8", errors="replace").split("\n")[0].strip().split(",")
    text = io.StringIO(newline="")
    _write_rows(text, names, rows)
    content = gzip.compress(text.getvalue().encode("utf-8"), mtime=0)
    _replace(file, entry, content)
    sums = {name: str(sum((Decimal(row[name]) for row in rows if row[name]), Decimal(0))) for name in _SUMS.get(table, ())}
    entry.update(rows=len(rows), sums=sums)


def _changes_of_agent(issue: Row) -> list[Row]:
    """Some policies change their agent twice on one day, there and on to somebody unknown or nobody."""
    chance = zlib.crc32(issue["policy_no"].encode())
    if chance % 10:
        return []
    last = ("X8888888", "00010000", None)[chance % 3]
    steps = [({"from": "00010000", "to": "00010003"}, 91), ({"from": "00010003", "to": last}, 90)]
    return [
        issue | {"event_seq": str(seq), "event_type": "CHANGE_AGENT", "event_on": "2025-06-30", "detail": json.dumps(detail)}
        for detail, seq in steps
    ]
