"""A lake in which everything that is not a given recipient's has changed, for the proof that its package does not care.

Works on the Parquet files of a lake: ``ask_for_consent`` first gives every record of the recipients its own CRM consents
(consents are G Life's and count, wherever a person was recognised), ``change_everything_else`` then rewrites names,
numbers, amounts, tags and notes of all that belongs to others. Persons who agreed to sharing are left alone but for notes:
of them a recipient may see the company's tier and tags. So are persons who asked to be erased: that reaches all their
records, wherever they were recognised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Recipient:
    """A partner (channel broker) or a bank (channel banca)."""

    channel: str
    code: str


_NAME = "chr((20000 + hash({0}) % 5000)::integer) || chr((20000 + hash({0} || 'x') % 5000)::integer)"
_MOBILE = "'13' || lpad((hash({0}) % 1000000000)::varchar, 9, '0')"


def _files(lake: Path, table: str) -> list[Path]:
    return sorted(lake.glob(f"data/{table}/*.parquet"))


def _read(lake: Path, table: str) -> str:
    paths = ", ".join(f"'{path}'" for path in _files(lake, table))
    return f"read_parquet([{paths}])"


def _rewrite(con: duckdb.DuckDBPyConnection, lake: Path, table: str, where: str, changes: Mapping[str, str]) -> int:
    """Replace columns of the rows where ``where`` holds, in every file of a table; returns how many rows those were."""
    count = 0
    for path in _files(lake, table):
        source = f"read_parquet('{path}')"
        row = con.execute(f"select count(*) from {source} where {where}").fetchone()
        count += row[0] if row else 0
        replaced = ", ".join(f"case when {where} then ({new}) else {name} end as {name}" for name, new in changes.items())
        draft = path.with_suffix(".draft")
        con.execute(f"copy (select * replace ({replaced}) from {source}) to '{draft}' (format parquet)")
        draft.replace(path)
    return count


def ask_for_consent(lake: Path, truth: Path, recipients: list[Recipient]) -> None:
    """Give each person whom a recipient knows a MARKETING and a CROSS_CHANNEL_SHARING decision, one in eight agreeing."""
    with duckdb.connect() as con:
        _persons(con, truth)
        con.execute("create table known (source_system varchar, source_record_id varchar)")
        for recipient in recipients:
            _own(con, lake, recipient)
            con.execute("insert into known select source_system, source_record_id from own_record")
        con.execute(
            "create table decision as select distinct source_system, source_record_id, purpose, "
            "hash(person_id || purpose) % 8 >= case purpose when 'MARKETING' then 2 else 7 end as granted "
            "from known inner join person_of using (source_system, source_record_id) "
            "cross join (values ('MARKETING'), ('CROSS_CHANNEL_SHARING')) as purposes (purpose)"
        )
        first, *rest = _files(lake, "crm/consents")
        for path in rest:
            con.execute(f"copy (from read_parquet('{path}') where false) to '{path}' (format parquet)")
        con.execute(f"create table template as from read_parquet('{first}') limit 1")
        con.execute(
            "create table consent as select template.* replace ("
            "'K' || row_number() over () as consent_id, 'K' || row_number() over () as _key, "
            "decision.purpose as purpose, decision.granted as granted, timestamp '2026-01-05 10:00:00' as \"at\", "
            '\'{"record_id":"\' || decision.source_record_id || \'","system":"\' || decision.source_system || \'"}\' as who) '
            "from template cross join (select * from decision order by all) as decision"
        )
        con.execute(f"copy consent to '{first}.draft' (format parquet)")
        Path(f"{first}.draft").replace(first)


def change_everything_else(lake: Path, truth: Path, recipient: Recipient) -> dict[str, int]:
    """Change all that is not ``recipient``'s; returns how many rows of which table were changed."""
    with duckdb.connect() as con:
        _persons(con, truth)
        _own(con, lake, recipient)
        con.execute(
            "create table left_alone as select person_id from person_of "
            "where hash(person_id || 'CROSS_CHANNEL_SHARING') % 8 >= 7 union select person_of.person_id from person_of "
            f"inner join {_read(lake, 'stewardship/erasures')} as erasures "
            "on person_of.source_system = erasures.system and person_of.source_record_id = erasures.record_id"
        )
        con.execute(
            "create table kept as select source_system || ':' || source_record_id as key from person_of "
            "where person_id in (from left_alone)"
        )
        con.execute("create table own_key as select source_system || ':' || source_record_id as key from own_record")
        changed = {table: _rewrite(con, lake, table, where, new) for table, where, new in _changes(recipient)}
        changed |= _change_policies(con, lake)
    return changed


def _persons(con: duckdb.DuckDBPyConnection, truth: Path) -> None:
    con.execute(f"create table person_of as from read_csv('{truth}/person_of.csv', all_varchar = true)")


def _own(con: duckdb.DuckDBPyConnection, lake: Path, recipient: Recipient) -> None:
    """Tables own_policy (source_system, policy_no) and own_record (source_system, source_record_id) of the recipient."""
    code = recipient.code
    if recipient.channel == "broker":
        con.execute(
            f"create or replace table own_policy as select distinct 'core_life' as source_system, policy_no "
            f"from {_read(lake, 'core_life/policy')} where partner_code = '{code}'"
        )
        con.execute(
            "create or replace table own_record as select distinct 'core_life' as source_system, client_id as source_record_id "
            f"from {_read(lake, 'core_life/policy_party')} where policy_no in (select policy_no from own_policy) "
            f"union select 'channel_broker', source_record_id from {_read(lake, 'channel_broker/customers')} "
            f"where partner_code = '{code}'"
        )
        return
    con.execute(
        f"create or replace table own_policy as select distinct 'core_banca' as source_system, policy_no "
        f"from {_read(lake, 'core_banca/poly')} where bank_code = '{code}'"
    )
    con.execute(
        "create or replace table own_record as "
        "select distinct 'core_banca' as source_system, unnest([holder_cust_no, insured_cust_no]) as source_record_id "
        f"from {_read(lake, 'core_banca/poly')} where bank_code = '{code}' "
        f"union select 'channel_banca', referral_no from {_read(lake, 'channel_banca/referrals')} where bank_code = '{code}'"
    )


def _changes(recipient: Recipient) -> list[tuple[str, str, dict[str, str]]]:
    """Table, rows that are others', and what they become."""

    def others(system: str, record: str) -> str:
        return f"('{system}:' || {record}) not in (from kept) and ('{system}:' || {record}) not in (from own_key)"

    def name_and_mobile(record: str) -> dict[str, str]:
        return {"name": _NAME.format(record), "mobile": _MOBILE.format(record)}

    shared = "('{0}:' || {1}) not in (from kept) and ('{0}:' || {1}) in (from own_key)"
    wechat = [
        change
        for account in ("wechat_individual", "wechat_broker", "wechat_banca")
        for change in (
            (f"{account}/bindings", others(account, "openid"), name_and_mobile("openid")),
            (f"{account}/followers", others(account, "openid"), {"unionid": "null", "remark": "'other'"}),
            (f"{account}/events", others(account, "openid"), {"occurred_at": "occurred_at - interval 400 day"}),
        )
    ]
    return [
        # What other channels know of clients that the recipient shares with them, but for the name and the document.
        (
            "core_life/client",
            shared.format("core_life", "client_id"),
            {"mobile": _MOBILE.format("client_id"), "email": "'a@b.cn'", "address": "null", "annual_income": "1234567.00"},
        ),
        (
            "core_banca/cust",
            shared.format("core_banca", "cust_no"),
            {"mobile": _MOBILE.format("cust_no"), "address": "null", "monthly_income": "99900"},
        ),
        (
            "core_life/client",
            others("core_life", "client_id"),
            {**name_and_mobile("client_id"), "id_number": "null", "email": "null", "annual_income": "1.00"},
        ),
        (
            "core_banca/cust",
            others("core_banca", "cust_no"),
            {**name_and_mobile("cust_no"), "id_number": "null", "monthly_income": "100"},
        ),
        (
            "channel_individual/prospects",
            others("channel_individual", "prospect_no"),
            {**name_and_mobile("prospect_no"), "annual_income": "5000000.00", "tags": "'other tag'"},
        ),
        (
            "channel_broker/customers",
            others("channel_broker", "source_record_id"),
            {
                **name_and_mobile("source_record_id"),
                "id_number": "null",
                "annual_income": "5000000.00",
                "tags": "'other tag'",
                "remark": "'other'",
            },
        ),
        (
            "channel_banca/referrals",
            others("channel_banca", "referral_no"),
            {**name_and_mobile("referral_no"), "id_last4": "'0000'"},
        ),
        *wechat,
        ("crm/activities", "true", {"note": "'other note'"}),
        (
            "crm/customer_tags",
            "coalesce(((who::json) ->> 'system') || ':' || ((who::json) ->> 'record_id') not in (from kept), false)",
            {"value": "'other value'"},
        ),
        ("crm/surveys", "true", {"comment": "'other'", "score": "1"}),
    ]


def _change_policies(con: duckdb.DuckDBPyConnection, lake: Path) -> dict[str, int]:
    """New numbers and amounts for others' policies, in every table that names them."""
    life, banca = _read(lake, "core_life/policy_party"), _read(lake, "core_banca/poly")
    con.execute(
        "create table other_policy as "
        f"select distinct 'core_life' as source_system, policy_no from {life} "
        "union select distinct 'core_banca', policy_no "
        f"from {banca} "
        "except from own_policy "
        f"except select 'core_life', policy_no from {life} where 'core_life:' || client_id in (from kept) "
        f"except select 'core_banca', policy_no from {banca} "
        "where 'core_banca:' || holder_cust_no in (from kept) or 'core_banca:' || insured_cust_no in (from kept)"
    )
    number = {"policy_no": "policy_no || '9'", "_key": "policy_no || '9' || substr(_key, length(policy_no) + 1)"}
    amounts = {
        "core_life/policy": {"modal_premium": "modal_premium * 3"},
        "core_life/policy_party": {},
        "core_life/premium_due": {"amount_due": "amount_due * 3", "amount_paid": "amount_paid * 3"},
        "core_life/policy_event": {},
        "core_banca/poly": {"premium": "premium * 3"},
        "core_banca/prem": {"amount_due": "amount_due * 3", "amount_paid": "amount_paid * 3"},
        "core_banca/evnt": {},
    }
    return {
        table: _rewrite(
            con,
            lake,
            table,
            f"policy_no in (select policy_no from other_policy where source_system = '{table.split('/', maxsplit=1)[0]}')",
            {**new, **number},
        )
        for table, new in amounts.items()
    }
