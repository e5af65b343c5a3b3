"""Standard forms of numbers, as the macros write them in SQL, against other implementations and sources.md's troubles."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from warehouse.versions import DBT_PROJECT

MACROS = (DBT_PROJECT / "macros" / "identity" / "standard_forms.sql").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def form() -> Callable[[str, str], str | None]:
    """A macro applied to one text."""
    connection = duckdb.connect()

    def apply(macro: str, text: str) -> str | None:
        template = jinja2.Environment(autoescape=False).from_string(MACROS + "{{ " + macro + "('?::varchar') }}")
        sql = template.render().strip()
        found = connection.execute(f"select {sql.replace('?::varchar', 'written')} from (select ?::varchar as written)", [text])
        row = found.fetchone()
        assert row is not None
        return row[0]

    return apply


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789", min_size=17, max_size=17))
def test_the_check_character_is_that_of_iso_7064(form, digits):
    assert form("gb11643_check", digits) == mod_11_2.calc_check_digit(digits)


def test_known_numbers_check(form):
    for number in ("440524188001010014", "11010519491231002X"):
        assert form("gb11643_check", number[:17]) == number[17]


@pytest.mark.parametrize(
    ("written", "compact"),
    [
        ("11010519491231002x", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        (" 110105 19491231-002X ", "11010519491231002X"),
        ("11010519491231002×", "11010519491231002X"),
        ("11010519491231002х", "11010519491231002X"),
        ("ID: 110105 19491231 002X", "11010519491231002X"),
        ("USA110085010112", "USA110085010112"),
        ("H01234567(01)", "H0123456701"),
        ("--", None),
        ("无", None),
    ],
)
def test_numbers_of_documents(form, written, compact):
    assert form("compact_id", written) == compact


@pytest.mark.parametrize(
    "written",
    [
        "13912345670",
        "139-1234-5670",
        "139 1234 5670",
        "+8613912345670",
        "008613912345670",
        "１３９１２３４５６７０",
        "13912345670.0",
        "13912345670/13887654320",
        "13912345670、010-62345678",
    ],
)
def test_one_mobile_in_every_spelling(form, written):
    assert form("mobile_digits", written) == "13912345670"


@pytest.mark.parametrize(
    "nothing", ["无", "0000", "12345678901", "99999999999", "010-62345678", "1391234567", "139123456789", ""]
)
def test_what_is_no_mobile_number_is_none(form, nothing):
    assert form("mobile_digits", nothing) is None


@pytest.mark.parametrize(
    ("written", "mobile", "last4"),
    [
        ("139****5670", "1395670", None),
        ("+86 139****5670", "1395670", None),
        ("110105********002x", None, "002X"),
        ("1101051949****0021", None, "0021"),
        ("E12****78", None, None),
        ("****", None, None),
        ("13912345670", None, None),
        ("11010519491231002X", None, None),
    ],
)
def test_what_a_masked_number_still_shows(form, written, mobile, last4):
    assert (form("mobile_shown", written), form("last4_shown", written)) == (mobile, last4)


@pytest.mark.parametrize(("number", "stands_for_nothing"), [("13888888888", True), ("13800138000", True), ("13912345670", False)])
def test_placeholder_mobiles(form, number, stands_for_nothing):
    assert form("is_placeholder_mobile", number) is stands_for_nothing


@pytest.mark.parametrize(
    ("kind", "number", "key"),
    [
        ("FPR", "USA110085010112", "11850101"),  # the form until 2023: country, place, birthday, two more
        ("RIC", "911840198501011236", "11850101"),  # the form since then
        ("RIC", "110105194912310027", None),
        ("FPR", "USA1100850101", None),
    ],
)
def test_both_forms_of_a_foreign_residents_card_agree_in_province_and_birthday(kind, number, key):
    sql = jinja2.Environment(autoescape=False).from_string(MACROS + "{{ residence_key('$kind', '$number') }}").render().strip()
    assert duckdb.execute(f"select {sql}", {"kind": kind, "number": number}).fetchone() == (key,)


@pytest.mark.parametrize(
    ("number", "stands_for_nothing"),
    [
        ("E00000000", True),
        ("H11111111", True),
        ("12345678", True),
        ("G123456789", True),
        ("E63263433", False),
        ("H00000001", False),
    ],
)
def test_placeholder_numbers_of_documents(form, number, stands_for_nothing):
    assert form("is_placeholder_number", number) is stands_for_nothing
