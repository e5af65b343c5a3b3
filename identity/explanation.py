"""Why a customer is one customer: what ``glife explain`` tells, gathered from one generation's restricted file.

Everything is read from that file alone, so that an explanation fits the generation it explains, whatever was delivered since.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from warehouse.errors import GlifeError

Row = dict[str, Any]

# The comparisons of int_identity__pair, as readers see them; what is unknown on a side says nothing.
COMPARISONS = {
    "id_relation": "ID number",
    "name_relation": "name",
    "mobile_relation": "mobile",
    "birth_relation": "birth date",
    "last4_relation": "last four of the ID number",
    "address_relation": "address",
    "email_relation": "e-mail",
    "is_on_policy": "name on the same policy",
    "is_policy_shown": "policy shown when binding",
    "is_unionid_same": "WeChat user (unionid)",
    "is_same_who": "named as the same record",
    "is_named_by_card": "named by the business card",
    "is_sex_different": "sex",
}
_SAYS_NOTHING = {"none", "false"}
_LEVELS = {
    "guess": "same but for look-alikes",
    "near": "one slip apart",
    "other": "not comparable",
    "swapped": "month and day exchanged",
    "sound": "same in pinyin",
    "homophone": "other characters, one sound",
    "surname": "surname alone",
}
# What each guard of int_identity__cut_link forbids.
GUARDS = {
    "TWO_IDS": "one customer would have two valid ID numbers",
    "TWO_PERMITS": "one customer would have two permits",
    "UNLIKE_PERSONS": "their names, birthdays or sexes have nothing to do with each other",
    "TOO_LARGE": "one customer would have more records than one person may",
    "STEWARD_SEPARATE": "a steward separated the two customers",
}
# The values by which records meet (int_identity__block).
_MEETING = {
    "id": "ID number",
    "unionid": "WeChat user (unionid)",
    "name_mobile": "surname and mobile",
    "name_mobile_head": "name and the first digits of the mobile",
    "name_mobile_tail": "name and the last digits of the mobile",
    "name_birth": "name and birth date",
    "name_email": "name and e-mail",
    "name_address": "name and address",
    "name_last4": "name and the last four of the ID number",
    "birth_address": "birth date and address",
    "name_policy": "name and policy",
    "who": "the record that both name",
}
# The values that a comparison looks at, as they were delivered.
_COMPARED = {
    "id_relation": "id_number",
    "name_relation": "name",
    "mobile_relation": "mobile",
    "birth_relation": "birth_date",
    "address_relation": "address",
    "email_relation": "email",
    "is_sex_different": "sex",
}
_ORIGIN = "origin.file_name || ' of ' || origin.business_date || ', line ' || origin.line_number"


@dataclass(frozen=True)
class Part:
    """One step from what is believed blindly to what is believed in the end, in bits (base-2 log odds)."""

    label: str
    bits: float
    total: float
    values: tuple[str | None, str | None] = (None, None)  # what the two records say, where it is one value that is compared


@dataclass(frozen=True)
class Link:
    """Two records, what compares how, and the parts of the evidence; ``rule`` is null where nothing links them.

    The strongest links that hold all records together are ``needed``; without the others nothing would change.
    """

    record_a: str
    record_b: str
    rule: str | None
    meaning: str | None
    probability: float | None
    relations: list[tuple[str, str]]
    parts: list[Part]
    is_needed: bool = True


@dataclass(frozen=True)
class CustomerExplanation:
    """All that made one customer what it is."""

    generation: Row
    customer: Row
    records: list[Row]
    links: list[Link]
    not_followed: list[Row]
    probable: list[Row]
    decisions: list[Row]
    history: list[Row]
    values: list[Row]
    tiers: list[Row]


@dataclass(frozen=True)
class PairExplanation:
    """Why two records are one customer's, or not."""

    generation: Row
    records: tuple[Row, Row]
    verdict: str
    link: Link | None
    path: list[Link]
    met_by: list[str]
    not_followed: list[Row]
    probable: list[Row]
    decisions: list[Row]


def explain_customer(connection: duckdb.DuckDBPyConnection, customer_id: str) -> CustomerExplanation:
    """Explain one customer; raises GlifeError when the generation has none of that id."""
    customers = _rows(
        connection,
        "select customer.*, completeness.completeness from core.customer as customer "
        "left join mart.customer_completeness as completeness using (customer_id) where customer_id = ?",
        customer_id,
    )
    history = _history(connection, customer_id)
    if not customers:
        raise _unknown(customer_id, history)
    records = _records(connection, "links.customer_id = ?", customer_id)
    return CustomerExplanation(
        generation=_rows(connection, "from mart.generation")[0],
        customer=customers[0],
        records=records,
        links=_links(_customer_links(connection, customer_id), _weights(connection), records),
        not_followed=_cases(connection, "? in (cases.customer_id_a, cases.customer_id_b)", customer_id),
        probable=_probable(connection, "probable.customer_id = ? or links.customer_id = ?", customer_id, customer_id),
        decisions=_decisions(connection, "? in (customer_id_a, customer_id_b)", customer_id),
        history=history,
        values=_values(connection, customer_id),
        tiers=_tiers(connection, customer_id),
    )


def explain_pair(connection: duckdb.DuckDBPyConnection, record_a: str, record_b: str) -> PairExplanation:
    """Explain two records (``system:record``); raises GlifeError when the generation lacks one of them."""
    if record_a == record_b:
        raise GlifeError(f"{record_a} is one record", "glife explain --pair", "name two records")
    first, second = (_one_record(connection, key) for key in (record_a, record_b))
    weights = _weights(connection)
    of_pair = (record_a, record_b, record_b, record_a)
    compared = _rows(connection, f"{_PAIRS} where (a.record_key, b.record_key) in ((?, ?), (?, ?))", *of_pair)
    is_one = first["customer_id"] == second["customer_id"]
    decisions = _decisions(connection, "(record_key_a, record_key_b) in ((?, ?), (?, ?))", *of_pair)
    not_followed = _cases(connection, "(cases.record_key_a, cases.record_key_b) in ((?, ?), (?, ?))", *of_pair)
    link = _link(_with_case(compared[0], not_followed), weights, [first, second]) if compared else None
    members = _records(connection, "links.customer_id = ?", first["customer_id"]) if is_one else []
    links = _links(_customer_links(connection, first["customer_id"]), weights, members) if is_one else []
    path = _path(links, record_a, record_b)
    return PairExplanation(
        generation=_rows(connection, "from mart.generation")[0],
        records=(first, second),
        verdict=_verdict(is_one, link, path, decisions, not_followed),
        link=link,
        path=path,
        met_by=_met_by(connection, record_a, record_b),
        not_followed=not_followed,
        probable=_probable(
            connection,
            "(links.record_key = ? and probable.customer_id = ?) or (links.record_key = ? and probable.customer_id = ?)",
            record_a,
            second["customer_id"],
            record_b,
            first["customer_id"],
        ),
        decisions=decisions,
    )


def _with_case(row: Row, cases: list[Row]) -> Row:
    """Where weak evidence was weighed and not followed, its rule and probability stand for the pair."""
    if row["rule"] is not None or not cases:
        return row
    return {**row, "rule": cases[0]["rule"], "meaning": cases[0]["meaning"], "weight": cases[0]["probability"]}


def _verdict(is_one: bool, link: Link | None, path: list[Link], decisions: list[Row], not_followed: list[Row]) -> str:
    """One sentence on why the two are, or are not, one customer's."""
    decided = next((decision for decision in decisions if decision["effect"] in ("IN_FORCE", "NOT_FOLLOWED")), None)
    if decided and decided["effect"] == "IN_FORCE":
        what = "are one customer's" if is_one else "are two customers'"
        return f"They {what} because {decided['decided_by']} decided so ({decided['decision_id']})."
    if is_one and len(path) == 1:
        return f"They are one customer's by {path[0].rule} ({path[0].meaning})."
    if is_one:
        return f"They are one customer's through {len(path) - 1} other record(s): each step below is a link of its own."
    if not_followed and not_followed[0]["reason"] == "CUT":
        rule, guard = not_followed[0]["rule"], not_followed[0]["guard"]
        return f"{rule} would link them, and the guard {guard} forbids it: {GUARDS[guard]}."
    if link and link.rule == "VETO_ID":
        return "They are two customers': their valid ID numbers differ, which no other evidence outweighs."
    if link and link.rule == "REVIEW_ID_TWO_NAMES":
        return "They bear one ID number under two wholly different names: a steward must say whose it is."
    if not_followed:
        return f"They are likely one customer's ({not_followed[0]['rule']}), not surely enough to merge: the stewards are asked."
    if link:
        return "They are two customers': they share a value, and no rule takes what agrees for one person."
    return "They are two customers': they share no value by which records are brought together."


def _unknown(customer_id: str, history: list[Row]) -> GlifeError:
    successors = sorted({row["customer_id"] for row in history if row["old_customer_id"] == customer_id and row["customer_id"]})
    named = " and ".join(f"`glife explain {successor}`" for successor in successors)
    remedy = f"see {named}, where its records are now" if successors else "ids are in mart.customer"
    return GlifeError(f"the current generation has no customer {customer_id!r}", "glife explain", remedy)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> list[Row]:
    result = connection.execute(sql, list(parameters))
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _records(connection: duckdb.DuckDBPyConnection, condition: str, *parameters: Any) -> list[Row]:
    """Records with what they say of the person, and the delivered rows that they come from."""
    return _rows(
        connection,
        f"""
        select
            persons.record_no, links.record_key, links.customer_id, links.match_rule, links.match_score, links.matched_to,
            persons.name, persons.sex, persons.birth_date, persons.id_type, persons.id_number, persons.id_kind,
            persons.is_id_valid, persons.mobile, persons.is_mobile_valid, persons.email, persons.address, persons.changed_at,
            persons.first_seen_on,
            coalesce(list({_ORIGIN} order by origin.table_name) filter (where origin.file_name is not null), []) as origins
        from identity.int_identity__customer_record as links
        inner join identity.int_identity__person_record as persons on links.record_key = persons.record_key
        left join core.record_origin as origin on links.record_key = origin.record_key
        where {condition}
        group by all
        order by persons.record_no
        """,
        *parameters,
    )


def _one_record(connection: duckdb.DuckDBPyConnection, record_key: str) -> Row:
    found = _records(connection, "links.record_key = ?", record_key)
    if not found:
        remedy = "name it as system:record, such as core_life:C100000001; a CRM row that names a record is no record of its own"
        raise GlifeError(f"the current generation has no record {record_key!r}", "glife explain --pair", remedy)
    return found[0]


_PAIRS = """
    select pairs.*, a.record_key as record_key_a, b.record_key as record_key_b,
        pairs.rule, evidence.meaning, evidence.probability as weight
    from identity.int_identity__pair as pairs
    inner join identity.int_identity__person_record as a on pairs.record_a = a.record_no
    inner join identity.int_identity__person_record as b on pairs.record_b = b.record_no
    left join reference.identity_evidence as evidence on pairs.rule = evidence.rule
"""


def _customer_links(connection: duckdb.DuckDBPyConnection, customer_id: str) -> list[Row]:
    return _rows(
        connection,
        """
        with members as (
            select persons.record_no, persons.record_key
            from identity.int_identity__customer_record as links
            inner join identity.int_identity__person_record as persons on links.record_key = persons.record_key
            where links.customer_id = ?
        )
        select pairs.* exclude (record_a, record_b, rule), a.record_key as record_key_a, b.record_key as record_key_b,
            found.rule, evidence.meaning, found.weight
        from identity.int_identity__link as found
        inner join members as a on found.record_a = a.record_no
        inner join members as b on found.record_b = b.record_no
        left join identity.int_identity__pair as pairs on found.record_a = pairs.record_a and found.record_b = pairs.record_b
        left join reference.identity_evidence as evidence on found.rule = evidence.rule
        where found.rule <> 'STEWARD_SEPARATE'
        order by found.weight desc, found.record_a, found.record_b
        """,
        customer_id,
    )


def _weights(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], float]:
    rows = _rows(connection, "select comparison, level, weight from mart.identity_comparison where weight is not null")
    return {(row["comparison"], row["level"]): row["weight"] for row in rows}


def _links(rows: list[Row], weights: dict[tuple[str, str], float], records: list[Row]) -> list[Link]:
    """Links, the strongest first; needed are those that tie records together which no stronger one does."""
    group = {record["record_key"]: record["record_key"] for record in records}
    links = []
    for link in (_link(row, weights, records) for row in rows):
        one, other = group[link.record_a], group[link.record_b]
        links.append(replace(link, is_needed=one != other))
        group = {record: one if of == other else of for record, of in group.items()}
    return links


def _link(row: Row, weights: dict[tuple[str, str], float], records: list[Row]) -> Link:
    relations = [(name, str(row.get(name)).lower()) for name in COMPARISONS if row.get(name) is not None]
    speaking = [(name, level) for name, level in relations if level not in _SAYS_NOTHING]
    if ("id_relation", "same") in speaking:  # its last four digits are no evidence of their own
        speaking = [(name, level) for name, level in speaking if name != "last4_relation"]
    return Link(
        record_a=row["record_key_a"],
        record_b=row["record_key_b"],
        rule=row["rule"],
        meaning=row["meaning"] or _MEANINGS.get(row["rule"] or ""),
        probability=row["weight"],
        relations=speaking,
        parts=_parts(row, speaking, weights, {record["record_key"]: record for record in records}),
    )


_MEANINGS = {
    "STEWARD_LINK": "a steward decided it",
    "VETO_ID": "two different valid ID numbers",
    "REVIEW_ID_TWO_NAMES": "one ID number under two wholly different names",
}


def _parts(
    row: Row, speaking: list[tuple[str, str]], weights: dict[tuple[str, str], float], records: dict[str, Row]
) -> list[Part]:
    """From two records drawn blindly, comparison by comparison, to the probability that the rule was measured to have.

    Comparisons are not independent, and some were never measured: the last part is what the rule's own measurement adds or takes.
    """
    total = weights.get(("prior", "two records"), 0.0)
    parts = [Part("two records drawn blindly", total, total)]
    for name, level in speaking:
        bits = weights.get((name, level), 0.0)
        total += bits
        one, other = (records.get(row[side], {}).get(_COMPARED.get(name, "")) for side in ("record_key_a", "record_key_b"))
        values = (str(one), str(other)) if one is not None and other is not None else (None, None)
        label = COMPARISONS[name] if level == "true" else f"{COMPARISONS[name]}: {_LEVELS.get(level, level)}"
        parts.append(Part(label, bits, total, values))
    probability = row["weight"]
    if probability is not None and 0 < probability < 1:
        known = math.log2(probability / (1 - probability))
        parts.append(Part(f"{row['rule']}: right as often as measured", known - total, known))
    return parts


def _path(links: list[Link], start: str, end: str) -> list[Link]:
    """The shortest chain of links between two records of one customer."""
    reached: dict[str, list[Link]] = {start: []}
    front = [start]
    while front and end not in reached:
        following = []
        for record in front:
            for link in links:
                if record in (link.record_a, link.record_b):
                    other = link.record_b if record == link.record_a else link.record_a
                    if other not in reached:
                        reached[other] = [*reached[record], link]
                        following.append(other)
        front = following
    return reached.get(end, [])


def _met_by(connection: duckdb.DuckDBPyConnection, record_a: str, record_b: str) -> list[str]:
    rows = _rows(
        connection,
        """
        with blocks as (
            select blocks.*, persons.record_key
            from identity.int_identity__block as blocks
            inner join identity.int_identity__person_record as persons on blocks.record_no = persons.record_no
            where persons.record_key in (?, ?)
        )
        select kind, bool_and(is_blocked) as is_blocked, max(records) as records
        from blocks group by kind, value having count(distinct record_key) = 2 order by kind
        """,
        record_a,
        record_b,
    )
    too_common = "{} (not looked at: {} records bear that value)"
    named = [(row, _MEETING.get(str(row["kind"]), str(row["kind"]))) for row in rows]
    return [too_common.format(name, row["records"]) if row["is_blocked"] else name for row, name in named]


def _cases(connection: duckdb.DuckDBPyConnection, condition: str, *parameters: Any) -> list[Row]:
    return _rows(
        connection,
        f"""
        select cases.reason, cases.guard, cases.rule, cases.probability, cases.record_key_a, cases.record_key_b,
            cases.customer_id_a, cases.customer_id_b, evidence.meaning
        from core.steward_case as cases
        left join reference.identity_evidence as evidence on cases.rule = evidence.rule
        where {condition}
        order by cases.reason, cases.rank_in_case, cases.record_a, cases.record_b
        """,
        *parameters,
    )


def _probable(connection: duckdb.DuckDBPyConnection, condition: str, *parameters: Any) -> list[Row]:
    return _rows(
        connection,
        f"""
        select links.record_key, links.customer_id as own_customer_id, probable.customer_id, probable.probability, probable.why
        from mart.probable_link as probable
        inner join identity.int_identity__customer_record as links
            on probable.source_system = links.source_system and probable.source_record_id = links.source_record_id
        where {condition} order by probable.probability desc, links.record_key
        """,
        *parameters,
    )


def _decisions(connection: duckdb.DuckDBPyConnection, condition: str, *parameters: Any) -> list[Row]:
    return _rows(
        connection,
        f"""
        select decision_id, action, effect, decided_by, decided_at, reason, newest_decision_id, file_name, line_number,
            system_a || ':' || source_record_id_a as record_a, system_b || ':' || source_record_id_b as record_b
        from core.steward_decision where {condition} order by decided_at, decision_id
        """,
        *parameters,
    )


def _history(connection: duckdb.DuckDBPyConnection, customer_id: str) -> list[Row]:
    """What became of ids over the generations; a generation without that table has no history to tell."""
    table = "select count(*) as tables from duckdb_tables() where schema_name = 'mart' and table_name = 'customer_id_history'"
    if not _rows(connection, table)[0]["tables"]:
        return []
    return _rows(
        connection,
        "select old_customer_id, customer_id, change, as_of, reason from mart.customer_id_history "
        "where ? in (old_customer_id, customer_id) order by as_of, old_customer_id, customer_id",
        customer_id,
    )


def _values(connection: duckdb.DuckDBPyConnection, customer_id: str) -> list[Row]:
    return _rows(
        connection,
        f"""
        select golden.attribute, golden.value, golden.is_valid, golden.record_key, golden.changed_on, golden.candidates,
            golden.bearers, golden.chosen_by,
            coalesce(string_agg({_ORIGIN}, '; ' order by origin.table_name), '') as origin
        from core.customer_value as golden
        left join core.record_origin as origin on golden.record_key = origin.record_key
        where golden.customer_id = ?
        group by all
        order by golden.attribute
        """,
        customer_id,
    )


def _tiers(connection: duckdb.DuckDBPyConnection, customer_id: str) -> list[Row]:
    tiers = _rows(
        connection,
        "select scope, tier, tier_name, rule_id, contribution, potential, parts, previous_tier, strategy_code, is_contactable "
        "from mart.customer_tier where customer_id = ? order by scope = 'ALL' desc, scope",
        customer_id,
    )
    return [{**tier, "parts": json.loads(tier["parts"])} for tier in tiers]
