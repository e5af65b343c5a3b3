"""An explanation as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from identity.explanation import GUARDS, CustomerExplanation, Link, PairExplanation, Part, Row


def customer_lines(explanation: CustomerExplanation) -> Iterator[str]:
    """All of a customer, section by section."""
    customer = explanation.customer
    yield f"customer {customer['customer_id']}, generation {explanation.generation['generation_id']}"
    yield f"  {customer['kind']}, {customer['name'] or 'no name'}, known since {customer['first_seen_on']}"
    yield f"  {customer['records']} records; completeness {customer['completeness']} %"
    yield from _section("records", (line for record in explanation.records for line in _record(record)))
    needed = [link for link in explanation.links if link.is_needed]
    others = [link for link in explanation.links if not link.is_needed]
    yield from _section("links that hold the records together", (line for link in needed for line in _link(link)))
    if others:
        yield from _section("further links (nothing would change without them)", map(_heading, others))
    yield from _section("guards and open questions", map(_case, explanation.not_followed))
    yield from _section("probable links (not merged)", map(_probable, explanation.probable))
    yield from _section("stewards' decisions", map(_decision, explanation.decisions))
    yield from _section("history of the id", map(_history, explanation.history))
    yield from _section("golden values", map(_value, explanation.values))
    yield from _section("tier", (line for tier in explanation.tiers for line in _tier(tier, customer)))


def pair_lines(explanation: PairExplanation) -> Iterator[str]:
    """Two records and what ties or parts them."""
    yield explanation.verdict
    yield from _section("records", (line for record in explanation.records for line in _record(record)))
    yield from _section("they meet by", explanation.met_by)
    if explanation.link:
        yield from _section("compared", _link(explanation.link))
    if len(explanation.path) > 1:
        yield from _section("linked through", (line for link in explanation.path for line in _link(link)))
    yield from _section("guards and open questions", map(_case, explanation.not_followed))
    yield from _section("probable links (not merged)", map(_probable, explanation.probable))
    yield from _section("stewards' decisions", map(_decision, explanation.decisions))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield ""
    yield title
    yield from (f"  {line}" for line in found or ["none"])


def _record(record: Row) -> Iterator[str]:
    yield f"{record['record_key']} (day {record['changed_at'] or 'not delivered'})"
    known = {
        "name": record["name"],
        "sex": record["sex"],
        "born": record["birth_date"],
        "ID": f"{record['id_number']} ({id_kind(record)})" if record["id_number"] else None,
        "mobile": record["mobile"],
        "e-mail": record["email"],
        "address": record["address"],
    }
    yield "  " + ", ".join(f"{label} {value}" for label, value in known.items() if value is not None)
    yield from (f"  from {origin}" for origin in record["origins"])
    if record["matched_to"]:
        yield f"  here by {record['match_rule']} ({surely_of(record['match_score'])}) with {record['matched_to']}"


_DOCUMENTS = {"HKMO": "permit of Hong Kong or Macau", "TW": "permit of Taiwan", "FPR": "permanent resident card"}


def id_kind(record: Row) -> str:
    """What a document's number is, in words."""
    if record["is_id_valid"]:
        return "valid ID number"
    kind = record["id_kind"] or record["id_type"]
    return _DOCUMENTS.get(kind, kind.lower()) if kind and kind != "ID" else "not a valid ID number"


def _heading(link: Link) -> str:
    surely = f", probability {surely_of(link.probability)}" if link.probability is not None else ""
    return f"{link.record_a} and {link.record_b}: {link.rule or 'no rule'}{f' ({link.meaning})' if link.meaning else ''}{surely}"


def _link(link: Link) -> Iterator[str]:
    yield _heading(link)
    for part in link.parts:
        yield f"  {part.label:<40} {part.bits:+7.1f} bits, {part.total:+7.1f} in all{_compared(part)}"


def _compared(part: Part) -> str:
    """Both values, where they are not written alike."""
    one, other = part.values
    return f"  ({one} / {other})" if one != other else ""


def surely_of(probability: float) -> str:
    """A probability with as many digits as tell it from certainty."""
    return f"{probability:.6f}".rstrip("0") if 0.9999 <= probability < 1 else f"{probability:.4f}"


def _case(case: Row) -> str:
    guard = f", guard {case['guard']} ({GUARDS[case['guard']]})" if case["guard"] else ""
    likely = f", probability {case['probability']:.4f}" if case["probability"] is not None else ""
    return f"{case['reason']}: {case['record_key_a']} and {case['record_key_b']} by {case['rule']}{likely}{guard}"


def _probable(link: Row) -> str:
    return f"{link['record_key']} is probably customer {link['customer_id']} ({link['probability']:.4f}): {link['why']}"


def _decision(decision: Row) -> str:
    origin = f"{decision['file_name']}, line {decision['line_number']}"
    sides = f"{decision['record_a']} and {decision['record_b']}"
    by = f"{decision['decided_by']} at {decision['decided_at']}: {decision['reason'] or 'no reason given'}"
    return f"{decision['decision_id']} {decision['action']} {sides}, {decision['effect']}; {by} ({origin})"


def _history(change: Row) -> str:
    became = change["customer_id"] or "nobody"
    return f"{change['as_of']} {change['change']}: {change['old_customer_id']} to {became} ({change['reason']})"


def _value(value: Row) -> str:
    of = f"{value['chosen_by']} of {value['bearers']} record(s), {value['candidates']} value(s)"
    flag = " (not valid)" if value["is_valid"] is False else ""
    origin = f"{value['record_key']}, {value['origin']}"
    return f"{value['attribute']:<15} {value['value']}{flag}: {origin}; {of}, day {value['changed_on']}"


def _tier(tier: Row, customer: Row) -> Iterator[str]:
    yield f"scope {tier['scope']}: tier {tier['tier']} {tier['tier_name']} by {tier['rule_id']}, strategy {tier['strategy_code']}"
    yield f"  contribution {tier['contribution']}, potential {tier['potential']}, previous tier {tier['previous_tier']}"
    yield from (f"  {name:<11} {part['points']:>3} points from {part['value']}" for name, part in tier["parts"].items())
    if tier["scope"] == "ALL":
        yield f"  contactable: {contactability(customer)}"


def contactability(customer: Row) -> str:
    """Why the customer may, or may not, be contacted."""
    mobile = (
        "shared mobile" if customer["is_mobile_shared"] else "own mobile" if customer["is_mobile_valid"] else "no valid mobile"
    )
    wechat = "subscribed in WeChat" if customer["is_subscribed"] else "not subscribed"
    consent = {True: "consent given", False: "consent refused", None: "consent unknown"}[customer["has_marketing_consent"]]
    return f"{'yes' if customer['is_contactable'] else 'no'} ({mobile}, {wechat}, {consent})"
