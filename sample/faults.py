"""The faults that a sample holds, as tables, and how each one spoils a row. A correct reader refuses them all."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from sample.writers import BROKEN_BYTES


@dataclass(frozen=True)
class RowFault:
    """One spoiled row in one file; `in_place` spoils a row of a later full file whose last good version then stays."""

    source: str
    folder: str
    file: str
    why: str
    in_place: bool = False


ROW_FAULTS = (
    RowFault("core_life", "2026-01-31", "client.csv.gz", "impossible_date"),
    RowFault("core_life", "2026-01-31", "client.csv.gz", "over_long"),
    RowFault("core_life", "2026-01-31", "client.csv.gz", "negative_amount"),
    RowFault("core_life", "2026-01-31", "client.csv.gz", "unknown_code"),
    RowFault("core_life", "2026-01-31", "policy.csv.gz", "missing_key"),
    RowFault("core_life", "2026-01-31", "policy_party.csv.gz", "nul_byte"),
    RowFault("core_life", "2026-01-31", "policy_party.csv.gz", "bad_encoding"),
    RowFault("core_life", "2026-01-31", "policy_party.csv.gz", "bad_number"),
    RowFault("core_life", "2026-01-31", "premium_due.csv.gz", "impossible_date"),
    RowFault("core_life", "2026-01-31", "premium_due.csv.gz", "short_row"),
    RowFault("core_life", "2026-01-31", "premium_due.csv.gz", "negative_amount"),
    RowFault("core_life", "2026-01-31", "premium_due.csv.gz", "bad_number"),
    RowFault("core_life", "2026-01-31", "premium_due.csv.gz", "unknown_code"),
    RowFault("core_life", "2026-01-31", "policy_event.csv.gz", "long_row"),
    RowFault("core_life", "2026-01-31", "policy_event.csv.gz", "unknown_code"),
    RowFault("core_life", "2026-01-31", "claim.csv.gz", "negative_amount"),
    RowFault("core_life", "2026-02-28", "policy_party.csv.gz", "long_row"),
    RowFault("core_life", "2026-03-31", "policy.csv.gz", "impossible_date"),
    RowFault("core_life", "2026-04-30", "premium_due.csv.gz", "missing_key"),
    RowFault("core_banca", "2026-01-31", "CUST", "nul_byte"),
    RowFault("core_banca", "2026-01-31", "CUST", "bad_encoding"),
    RowFault("core_banca", "2026-01-31", "POLY", "missing_key"),
    RowFault("core_banca", "2026-01-31", "PREM", "impossible_date"),
    RowFault("core_banca", "2026-01-31", "PREM", "short_row"),
    RowFault("core_banca", "2026-01-31", "PREM", "negative_amount"),
    RowFault("core_banca", "2026-01-31", "EVNT", "bad_number"),
    RowFault("core_banca", "2026-01-31", "EVNT", "long_row"),
    RowFault("core_banca", "2026-03-31", "CUST", "impossible_date", in_place=True),
    RowFault("core_banca", "2026-04-30", "POLY", "unknown_code", in_place=True),
    RowFault("core_banca", "2026-04-30", "POLY", "negative_amount"),
    RowFault("channel_individual", "2026-01-31", "prospects.csv", "long_row"),
    RowFault("channel_individual", "2026-02-28", "agents.csv", "unknown_code", in_place=True),
    RowFault("channel_individual", "2026-03-31", "training.csv", "impossible_date"),
    RowFault("channel_individual", "2026-04-30", "prospects.csv", "negative_amount", in_place=True),
    RowFault("channel_broker", "2026-01-31", "violations.xlsx", "missing_key"),
    RowFault("channel_broker", "2026-01-31", "partner_agents.xlsx", "missing_key"),
    RowFault("channel_broker", "2026-01-31", "customers_P001.xlsx", "negative_amount"),
    RowFault("channel_broker", "2026-01-31", "customers_P001.xlsx", "missing_key"),
    RowFault("channel_broker", "2026-02-28", "customers_P002.xlsx", "impossible_date"),
    RowFault("channel_broker", "2026-03-31", "violations.xlsx", "negative_amount"),
    RowFault("channel_banca", "2026-01-31", "outlets.csv", "missing_key"),
    RowFault("channel_banca", "2026-03-31", "referrals.dat", "nul_byte"),
    RowFault("channel_banca", "2026-04-30", "referrals.dat", "unknown_code", in_place=True),
    RowFault("wechat_individual", "2026-01-31", "bindings.jsonl", "missing_key"),
    RowFault("wechat_individual", "2026-02-28", "events.jsonl", "nul_byte"),
    RowFault("wechat_broker", "2026-01-31", "events.jsonl", "unknown_code"),
    RowFault("wechat_broker", "2026-01-31", "bindings.jsonl", "unknown_code"),
    RowFault("wechat_banca", "2026-01-31", "followers.jsonl", "bad_encoding"),
    RowFault("wechat_banca", "2026-01-31", "events.jsonl", "broken_json"),
    RowFault("wechat_banca", "2026-02-28", "events.jsonl", "impossible_date"),
    RowFault("wechat_banca", "2026-04-30", "followers.jsonl", "wrong_type"),
    RowFault("crm", "2026-01-31", "activities.jsonl", "unknown_code"),
    RowFault("crm", "2026-01-31", "activities.jsonl", "over_long"),
    RowFault("crm", "2026-01-31", "cards.jsonl", "not_an_object"),
    RowFault("crm", "2026-02-28", "surveys.jsonl", "impossible_date"),
    RowFault("crm", "2026-03-31", "complaints.jsonl", "nul_byte"),
    RowFault("crm", "2026-04-30", "customer_tags.jsonl", "wrong_type"),
    RowFault("crm", "2026-04-30", "consents.jsonl", "bad_encoding"),
)

# source, folder -> fault of the whole delivery; the file it sits in; what a correct reader does
DELIVERY_FAULTS = {
    ("core_life", "2026-02-14"): ("wrong_sha256", "client.csv.gz", "rejected"),
    ("core_banca", "2026-02-14"): ("no_ready", "_READY", "not complete"),
    ("channel_broker", "2026-02-14"): ("xlsx_is_html", "partners.xlsx", "rejected"),
    ("core_life", "2026-03-15"): ("replaced_by_r2", "client.csv.gz", "replaced"),
}
MORE_DELIVERY_FAULTS = {
    ("crm", "2026-02-14"): ("wrong_row_count", "activities.jsonl", "rejected"),
    ("wechat_broker", "2026-02-28"): ("no_manifest", "_manifest.json", "not complete"),
    ("core_banca", "2026-02-28"): ("trailer_sum_mismatch", "PREM", "rejected"),
}


@dataclass(frozen=True)
class Weak:
    """Which columns of a file each kind of fault hits; `fresh` makes the spoiled copy a key of its own."""

    fresh: str
    key: str
    date: str = ""
    code: str = ""
    amount: str = ""
    number: str = ""
    text: str = ""


WEAK = {
    "client.csv.gz": Weak("client_id", "client_id", date="birth_date", code="id_type", amount="annual_income", text="name"),
    "policy.csv.gz": Weak("policy_no", "policy_no", date="issued_on", code="status"),
    "policy_party.csv.gz": Weak("seq", "policy_no", date="updated_at", code="role", number="share_pct", text="client_id"),
    "premium_due.csv.gz": Weak(
        "instalment_no", "policy_no", date="due_on", code="is_deleted", amount="amount_due", number="instalment_no"
    ),
    "policy_event.csv.gz": Weak("event_seq", "policy_no", date="event_on", code="event_type", text="detail"),
    "claim.csv.gz": Weak("claim_no", "claim_no", date="reported_on", code="decision", amount="amount_paid"),
    "CUST": Weak("cust_no", "cust_no", date="birth_date", code="sex", amount="monthly_income", text="name"),
    "POLY": Weak("policy_no", "policy_no", date="effective_on", code="status", amount="premium"),
    "PREM": Weak("instalment_no", "policy_no", date="due_on", amount="amount_due", number="instalment_no"),
    "EVNT": Weak("event_no", "policy_no", date="event_on", code="event_type", number="event_no"),
    "agents.csv": Weak("工号", "工号", date="入司日期", code="性别", text="姓名"),
    "training.csv": Weak("课程代码", "工号", date="完成日期", code="是否通过"),
    "prospects.csv": Weak("线索号", "线索号", date="登记日期", code="性别", amount="年收入", text="姓名"),
    "outlets.csv": Weak("网点代码", "网点代码", text="网点名称"),
    "referrals.dat": Weak("referral_no", "referral_no", date="referred_on", code="result", text="name"),
    "followers.jsonl": Weak("openid", "openid", number="tagid_list", text="remark"),
    "bindings.jsonl": Weak("openid", "openid", date="bound_at", code="system", text="name"),
    "events.jsonl": Weak("event_id", "event_id", date="occurred_at", code="event"),
    "activities.jsonl": Weak("activity_id", "activity_id", date="occurred_at", code="kind", text="note"),
    "cards.jsonl": Weak("card_id", "card_id", date="captured_at", text="title"),
    "surveys.jsonl": Weak("survey_id", "survey_id", date="answered_at", code="kind", text="comment"),
    "complaints.jsonl": Weak("complaint_id", "complaint_id", date="occurred_at", code="severity", text="category"),
    "customer_tags.jsonl": Weak("tag", "who", date="tagged_at", number="retired", text="value"),
    "consents.jsonl": Weak("consent_id", "consent_id", date="at", code="purpose", text="purpose"),
}


def faults_of(faults: tuple[RowFault, ...], source: str, folder: str, file: str) -> list[RowFault]:
    """The faults of one file."""
    return [f for f in faults if (f.source, f.folder, f.file) == (source, folder, file)]


def spoiled_record(
    record: dict[str, str | None], fault: RowFault, serial: int, impossible: str, join: Callable[[list[str]], str]
) -> tuple[str, dict[str, str | None]]:
    """The line of a delimited record with the fault in it, and its cells (those a reader can still add up)."""
    weak, cells = WEAK[fault.file], dict(record)
    if not fault.in_place:
        cells[weak.fresh] = (
            str(9000 + serial)
            if weak.fresh.endswith(("_no", "seq")) and not weak.fresh.startswith(("policy", "claim", "cust"))
            else f"9{serial:05d}BAD"[:9]
        )
    changes = {
        "missing_key": (weak.key, ""),
        "impossible_date": (weak.date, impossible),
        "unknown_code": (weak.code, "?"),
        "bad_number": (weak.number, "12a"),
        "nul_byte": (weak.text, "N\x00L"),
        "bad_encoding": (weak.text, BROKEN_BYTES),
        "over_long": (weak.text, "长" * 400_000),
    }
    if fault.why == "negative_amount":
        cells[weak.amount] = "-" + (
            (cells[weak.amount] or "").strip() or "456.60".replace(".", "" if fault.file in ("CUST", "POLY", "PREM") else ".")
        )
    elif fault.why in changes:
        column, value = changes[fault.why]
        cells[column] = value
    values = [cells[c] or "" for c in cells]
    if fault.why == "short_row":
        values = values[:-1]
    if fault.why == "long_row":
        values = [*values, "多余"]
    return join(values), cells


def spoiled_json(line: str, fault: RowFault, serial: int) -> str:
    """A JSON line with the fault in it."""
    weak, row = WEAK[fault.file], json.loads(line)
    if fault.why == "not_an_object":
        return json.dumps([row[weak.key], 1, 2])
    if weak.fresh in row:
        row[weak.fresh] = f"BAD{serial:07d}"
    if fault.why == "missing_key":
        del row[weak.key]
    elif fault.why == "impossible_date":
        row[weak.date] = "2026-02-30T10:00:00"
    elif fault.why == "unknown_code":
        row[weak.code] = "FAX"
    elif fault.why == "wrong_type":
        row[weak.number] = {"not": "this"}
    elif fault.why == "bad_encoding":
        row["remark" if weak.text == "remark" else "note"] = "BROKEN"
        return json.dumps(row, ensure_ascii=False).replace('"BROKEN"', f'"{BROKEN_BYTES}"')
    elif fault.why == "over_long":
        row[weak.text] = "长" * 400_000
    text = json.dumps(row, ensure_ascii=False)
    if fault.why == "broken_json":
        return text[: len(text) * 2 // 3]
    return text.replace(": ", ":\x00 ", 1) if fault.why == "nul_byte" else text
