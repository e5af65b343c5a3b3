"""Checks rows against their contract: one query, made from the contract, over a table of texts.

The query gives every row its typed values, its key, the values of its control columns and every fault it has.
"""

from __future__ import annotations

from functools import cache

from ingest.formats.rows import FAULT_SEPARATOR
from warehouse.contract import Column, Contract

_ISO_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
_OFFSET = r"(Z|[+-]\d{2}(:?\d{2})?)"
_MONEY = r"-?\d+(\.\d{1,2}0*)?"
_NUMBER = r"-?\d+(\.\d+)?"
_WHOLE = r"-?\d+"
_KEY_SEPARATOR = "chr(31)"
# Money is read into less than its type holds, so that twelve instalments of it still fit: 100 trillion yuan is no amount.
_MONEY_READ_AS = {"yuan": "DECIMAL(16,2)", "fen": "DECIMAL(16,0)"}
VALUE_OF_SUM = "DECIMAL(38,6)"  # wide enough for odd values that are quarantined


@cache
def check_query(contract: Contract, source: str = "texts") -> str:
    """SQL over the relation ``source`` (rows.schema): values, ``_line``, ``_raw``, ``_faults``, ``_key``, ``_sum_*``."""
    columns = contract.columns
    given = ",\n  ".join(f'{_given(c, contract)} as "{c.name}"' for c in columns)
    typed = ",\n  ".join(f'{_value(c, contract)} as "_v_{c.name}"' for c in columns)
    values = ", ".join(f'"_v_{c.name}"::{c.lake_type} as "{c.name}"' for c in columns)
    faults = [f"case when {test} then {_quoted(what)} end" for c in columns for test, what in _faults(c, contract)]
    if contract.required_any_of:
        names = ", ".join(f'"{name}"' for name in contract.required_any_of)
        faults.append(f"case when coalesce({names}) is null then 'there is no name and no identifier' end")
    sums = "".join(f', case when _readable then {_summed(c)} end as "_sum_{c.name}"' for c in contract.summed)
    found = f"concat_ws({_quoted(FAULT_SEPARATOR)}, {', '.join(faults) or 'null'})"
    return f"""
with given as (
  select {given}, _line, _raw, coalesce(_faults, '') as _found, _readable from {source}
), typed as (
  select *, {typed} from given
)
select {values}, _line, _raw,
  concat_ws({_quoted(FAULT_SEPARATOR)}, nullif(_found, ''), nullif(case when _readable then {found} else '' end, '')) as _faults,
  {_key(contract)} as _key{sums}
from typed"""


def _given(column: Column, contract: Contract) -> str:
    text = f'"{column.name}"'
    if contract.format.trim:
        text = f"trim({text}, {_quoted(contract.format.trim)})"
    if column.logical_type == "date" and contract.format.null_date:
        text = f"nullif({text}, {_quoted(contract.format.null_date)})"
    return f"nullif({text}, '')"


def _value(column: Column, contract: Contract) -> str:
    """The typed value; null when the text is none."""
    text = f'"{column.name}"'
    match column.logical_type:
        case "date":
            return _date(text, column.date_formats)
        case "timestamp":
            plain = _matches(text, f"{_ISO_DATE}({_TIME})?")
            offset = _matches(text, f"{_ISO_DATE}{_TIME}{_OFFSET}")
            odd = (
                f"case when {plain} then try_cast({text} as timestamp) "
                f"when {offset} then try_cast({text} as timestamptz) at time zone 'Asia/Shanghai' end"
            )
            return _usual(f"replace({text}, 'T', ' ')", "timestamp", odd)
        case "number" | "integer" as kind:
            shape = _WHOLE if kind == "integer" else _MONEY if column.lake_type == "DECIMAL(18,2)" else _NUMBER
            read_as = _MONEY_READ_AS.get(column.unit, column.lake_type)
            return _usual(text, read_as, f"case when {_matches(text, shape)} then try_cast({text} as {read_as}) end")
        case "boolean":
            return f"case {text} when 'true' then true when 'false' then false end"
        case "object":
            return f"case when json_valid({text}) and json_type({text}) = 'OBJECT' then {text} end"
        case _:
            return text


def _usual(text: str, kind: str, odd: str) -> str:
    """A value that reads back as the very text it came from needs no pattern, which costs ten times a cast."""
    return f"case when try_cast({text} as {kind})::varchar = {text} then try_cast({text} as {kind}) else {odd} end"


def _date(text: str, formats: tuple[str, ...]) -> str:
    shapes = {
        "yyyy-MM-dd": (r"\d{4}-\d{2}-\d{2}", text),
        "yyyy/M/d": (r"\d{4}/\d{1,2}/\d{1,2}", f"replace({text}, '/', '-')"),
        "yyyy-M-d": (r"\d{4}-\d{1,2}-\d{1,2}", text),
        "yyyy.M.d": (r"\d{4}\.\d{1,2}\.\d{1,2}", f"replace({text}, '.', '-')"),
        "yyyy年M月d日": (r"\d{4}年\d{1,2}月\d{1,2}日", f"translate({text}, '年月日', '--')"),
        "yyyyMMdd": (r"\d{8}", f"{text}[1:4] || '-' || {text}[5:6] || '-' || {text}[7:8]"),
    }
    cases = " ".join(f"when {_matches(text, shapes[f][0])} then {shapes[f][1]}" for f in formats)
    # DuckDB knows a year 0, Python and most readers do not.
    odd = f"nullif(greatest(try_cast(case {cases} end as date), date '0000-12-31'), date '0000-12-31')"
    return _usual(text, "date", odd) if "yyyy-MM-dd" in formats else odd


_NOUNS = {
    "date": "is no possible date",
    "timestamp": "is no possible time",
    "number": "is no number",
    "integer": "is no whole number",
    "boolean": "is neither true nor false",
    "object": "is no JSON object",
}


def _faults(column: Column, contract: Contract) -> list[tuple[str, str]]:
    """Conditions that break the contract, and how they are told."""
    text, value, name = f'"{column.name}"', f'"_v_{column.name}"', column.headers[0]
    label = name if name == column.name else f"{column.name} ({name})"
    found = []
    if column.required and not contract.format.record_id:
        found.append((f"{text} is null", f"{label} is empty, and it is part of the key"))
    if column.logical_type in _NOUNS:
        noun = "is no amount of money" if column.lake_type == "DECIMAL(18,2)" else _NOUNS[column.logical_type]
        found.append((f"{text} is not null and {value} is null", f"{label} {noun}"))
    if column.not_negative:
        found.append((f"{value} < 0", f"{label} is negative"))
    codes = ", ".join(_quoted(code) for code in column.codes)
    if column.codes and column.separator:
        items = f"string_split({text}, {_quoted(column.separator)})"
        found.append((f"not list_has_all([{codes}], {items})", f"{label} has codes that are none of {'|'.join(column.codes)}"))
    elif column.codes and column.logical_type != "array":
        found.append((f"{text} not in ({codes})", f"{label} is none of {', '.join(column.codes)}"))
    return found


def _key(contract: Contract) -> str:
    """The key's canonical text; null when a part that must be there is missing or no value."""
    parts = [(f'"_v_{c.name}"', c.required and c.name) for c in contract.key]
    if all(required for _, required in parts):
        joined = f" || {_KEY_SEPARATOR} || ".join(f"{value}::varchar" for value, _ in parts)
        return f"case when _readable then {joined} end"
    joined = f" || {_KEY_SEPARATOR} || ".join(f"coalesce({value}::varchar, '')" for value, _ in parts)
    present = " and ".join(f"{value} is not null" for value, required in parts if required)
    return f"case when _readable and {present} then {joined} end"


def _summed(column: Column) -> str:
    """What a row adds to a control sum, in the file's unit: its number, also when it is negative or has too many decimals."""
    text = f'"{column.name}"'
    shape = _WHOLE if column.unit == "fen" else _NUMBER
    odd = f"case when {_matches(text, shape)} then try_cast({text} as {VALUE_OF_SUM}) end"
    return f'coalesce("_v_{column.name}"::{VALUE_OF_SUM}, {odd})'


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {_quoted(pattern)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
