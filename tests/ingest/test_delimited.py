"""The record splitter: records, line numbers and odd rows, whatever the block size."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats import delimited
from ingest.formats.rows import Source
from ingest.refusal import RefusedError
from warehouse.contract import contract

HEADER = b"decision_id,action,system_a,record_a,system_b,record_b,reason,decided_by,decided_at\n"
FIELDS = 9


def read(path: Path, block: int = 64) -> list[dict]:
    source = Source(path, contract("stewardship__decisions"), "2026-01-31", lambda _: None)
    return sorted((row for t in delimited.read(source, block) for row in t.to_pylist()), key=lambda r: r["_line"])


def write(tmp_path: Path, body: bytes) -> Path:
    path = tmp_path / "decisions.csv"
    path.write_bytes(HEADER + body)
    return path


VALUE = st.text(st.sampled_from('ab张,"\n x'), max_size=12)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.lists(VALUE, min_size=FIELDS, max_size=FIELDS), max_size=12), block=st.integers(1, 200))
def test_reads_what_the_csv_module_wrote(tmp_path_factory, rows, block) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL).writerows(rows)
    path = write(tmp_path_factory.mktemp("csv"), text.getvalue().encode())
    found = read(path, block)
    assert [[r[n] or "" for n in HEADER.decode().strip().split(",")] for r in found] == rows
    line, numbers = 2, []
    for row in rows:
        numbers.append(line)
        line += 1 + sum(value.count("\n") for value in row)
    assert [r["_line"] for r in found] == numbers
    assert not any(r["_faults"] for r in found)


GOOD = b"D%d,LINK,s,r,s,r,ok,me,2026-01-31T15:30:00\n"


@pytest.mark.parametrize("block", [16, 100, 1 << 20])
def test_an_unbalanced_quote_spoils_only_its_own_line(tmp_path: Path, block: int) -> None:
    body = GOOD % 1 + b'D2,LINK,s,r,s,r,"oh,me,2026-01-31T15:30:00\n' + b"".join(GOOD % i for i in range(3, 30))
    found = read(write(tmp_path, body + b'D30,LINK,s,r,s,r,"a, b",me,2026-01-31T15:30:00\n'), block)
    assert [r["_line"] for r in found if r["_faults"]] == [3]
    assert len(found) == 30 and found[-1]["reason"] == "a, b" and found[1]["decision_id"] == "D2"


def test_crlf_and_a_lone_cr(tmp_path: Path) -> None:
    found = read(write(tmp_path, b'D1,LINK,s,r,s,r,"a\r\nb",me,t\r\nD2,LINK,s,r,s,r,x\ry,me,t\r\n'))
    assert [(r["_line"], r["reason"], r["decided_at"]) for r in found] == [(2, "a\r\nb", "t"), (4, "x\ry", "t")]


def test_nul_bytes_bad_bytes_and_field_counts(tmp_path: Path) -> None:
    body = b"D1,LI\0NK,s,r,s,r,x,me,t\nD2,LINK,s,r,s,r,\xff\xfe,me,t\nD3,LINK\n" + GOOD % 4
    faults = [r["_faults"] or "" for r in read(write(tmp_path, body))]
    assert ["NUL" in faults[0], "UTF-8" in faults[1], "2 fields instead of 9" in faults[2], faults[3]] == [
        True,
        True,
        True,
        "",
    ]


def test_a_row_longer_than_the_limit(tmp_path: Path) -> None:
    body = GOOD % 1 + b"D2,LINK,s,r,s,r," + b"x" * (1 << 20) + b",me,t\n" + GOOD % 3
    found = read(write(tmp_path, body), 1 << 16)
    assert [bool(r["_faults"]) for r in found] == [False, True, False]


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (HEADER.replace(b"reason,", b""), "reason is missing"),
        (HEADER.replace(b",", b";"), "separated by semicolons where commas are agreed"),
        (b"PK\x03\x04\n", "names none of the columns decision_id, action"),
        (HEADER.replace(b"reason", b"action"), "action is there twice"),
    ],
)
def test_a_wrong_header_refuses_the_file(tmp_path: Path, header: bytes, fault: str) -> None:
    path = tmp_path / "decisions.csv"
    path.write_bytes(header + GOOD % 1)
    with pytest.raises(RefusedError, match=f"line 1: .*{fault}"):
        read(path)


def test_gzip_of_two_members_is_one_file_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "branch.csv.gz"
    whole = gzip.compress(b"branch_code,name,parent_branch_code,level,region_code\n") + gzip.compress(b"1,a,,1,1\n")
    source = Source(path, contract("core_life__branch"), "2026-01-31", lambda _: None)
    path.write_bytes(whole)
    assert sum(t.num_rows for t in delimited.read(source)) == 1
    path.write_bytes(whole[:-6])
    with pytest.raises(RefusedError, match="truncated"):
        list(delimited.read(source))


def test_a_delimiter_byte_inside_a_gb18030_character(tmp_path: Path) -> None:
    path = tmp_path / "referrals.dat"
    name = next(c for c in map(chr, range(0x4E00, 0x9FA5)) if c.encode("gb18030")[1:] == b"|")
    path.write_bytes(f"R1|B01|O1|{name}|1|2|20260131|x|1\n".encode("gb18030"))
    source = Source(path, contract("channel_banca__referrals"), "2026-01-31", lambda _: None)
    (row,) = [r for t in delimited.read(source) for r in t.to_pylist()]
    assert (row["name"], row["_faults"]) == (name, None)
