"""Deliveries as their sources might also have written them: another order, more records, fewer. Manifests and trailers hold."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from stdnum.iso7064 import mod_11_2

Change = Callable[[str, list[bytes]], list[bytes]]  # (path below the landing folder, records) -> records
_SUMMED = ("policy.", "premium_due", "claim", "campaigns", "POLY", "PREM")


def sound(folder: Path) -> bool:
    """Whether a delivery is complete and holds what its manifest says; the others are refused, and stay as they are."""
    if folder.parent.name == "core_banca":
        return (folder / "_READY").exists()
    if folder.parent.name in ("channel_broker", "channel_banca", "channel_individual", "stewardship"):
        return True
    path = folder / "_manifest.json"
    if not path.exists():
        return False
    stated = {entry["name"]: entry["sha256"] for entry in json.loads(path.read_text())["files"]}
    return all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in stated.items())


def rewrite(landing: Path, change: Change) -> int:
    """Rewrite the records of every text file of every sound delivery; returns how many files became others."""
    changed = 0
    for folder in sorted(landing.glob("*/*")):
        if not sound(folder):
            continue
        for path in sorted(folder.iterdir()):
            if path.suffix in (".gz", ".csv", ".dat", ".jsonl"):
                changed += _rewrite_file(path, landing, change)
    return changed


def _rewrite_file(path: Path, landing: Path, change: Change) -> bool:
    packed = path.read_bytes()
    content = gzip.decompress(packed) if path.suffix == ".gz" else packed
    end = b"\r\n" if path.parent.parent.name == "core_banca" else b"\n"
    lines = content.removesuffix(end).split(end) if content else []
    is_csv, has_trailer = ".csv" in path.name, path.parent.parent.name == "core_banca"
    head = lines[:1] if is_csv or has_trailer else []
    tail = lines[-1:] if has_trailer else []
    records = lines[len(head) : len(lines) - len(tail)]
    records = _joined(records) if is_csv else records
    made = change(str(path.relative_to(landing)), list(records))
    if made == records:
        return False
    if tail:
        _, count, control = tail[0].split(b"|")
        tail = [b"|".join((b"TRL", str(int(count) + len(made) - len(records)).encode(), control))]
    written = end.join([*head, *made, *tail]) + end
    path.write_bytes(gzip.compress(written, mtime=0) if path.suffix == ".gz" else written)
    _state_anew(path, len(made) - len(records))
    return True


def _joined(lines: list[bytes]) -> list[bytes]:
    """Records of a CSV file: a quoted field may hold line ends."""
    records: list[bytes] = []
    for line in lines:
        if records and records[-1].count(b'"') % 2:
            records[-1] += b"\n" + line
        else:
            records.append(line)
    return records


def _state_anew(path: Path, more: int) -> None:
    manifest = path.with_name("_manifest.json")
    if not manifest.exists():
        return
    stated = json.loads(manifest.read_text(encoding="utf-8"))
    for entry in stated["files"]:
        if entry["name"] == path.name:
            entry |= {"rows": entry["rows"] + more, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    manifest.write_text(json.dumps(stated, ensure_ascii=False), encoding="utf-8")


def first_field(record: bytes) -> str:
    """The first part of a record's key: records that share it are versions of one thing, and the last of them holds."""
    text = record.decode("utf-8", errors="surrogateescape")
    if not text.startswith("{"):
        return text.split("|")[0] if "|" in text else text.split(",")[0]
    try:
        row = json.loads(text)
    except ValueError:
        return text
    return json.dumps([row.get(name) for name in ("who", "openid")], sort_keys=True) if "tag" in row else text[:40]


def shuffled(chance: random.Random) -> Change:
    """Records in another order, but for versions of one key: of those the last line wins."""

    def change(_: str, records: list[bytes]) -> list[bytes]:
        places: dict[str, float] = {}
        return sorted(records, key=lambda record: places.setdefault(first_field(record), chance.random()))

    return change


def shuffle_workbooks(landing: Path, chance: random.Random) -> int:
    """The customer rows of the broker's workbooks in another order; returns how many rows moved."""
    moved = 0
    for path in sorted(landing.glob("channel_broker/*/customers_*.xlsx")):
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        start = next(i for i, row in enumerate(rows) if {"保单号", "手机号", "联系电话", "手机"} & set(row)) + 1
        stop = next((i for i in range(start, len(rows)) if sum(v is not None for v in rows[i]) < 3), len(rows))
        formats = [[cell.number_format for cell in row] for row in sheet.iter_rows()]
        order = chance.sample(range(start, stop), stop - start)
        for target, origin in zip(range(start, stop), order, strict=True):
            moved += target != origin
            for column, value in enumerate(rows[origin]):
                cell = sheet.cell(target + 1, column + 1)
                if type(cell).__name__ == "Cell":
                    cell.value, cell.number_format = value, formats[origin][column]
        book.save(path)
    return moved


def repeated(chance: random.Random) -> Change:
    """A third of the records twice in a row, in files without a control sum."""

    def change(path: str, records: list[bytes]) -> list[bytes]:
        if path.rsplit("/", maxsplit=1)[-1].startswith(_SUMMED):
            return records
        return [record for record in records for _ in range(1 + (chance.random() < 0.3))]

    return change


def deliver_again(landing: Path, chance: random.Random) -> int:
    """Some accepted deliveries once more: as the date's next revision, or whole on a day between; returns how many."""
    folders = [folder for folder in sorted(landing.glob("*/*")) if sound(folder) and folder.parent.name != "acks"]
    again = 0
    for folder in chance.sample(folders, len(folders) // 2):
        date, revisions = folder.name[:10], len(list(folder.parent.glob(f"{folder.name[:10]}*")))
        if folder.name == date and revisions == 1:
            shutil.copytree(folder, folder.with_name(f"{date}.r2"))
            again += 1
    for source in ("channel_individual", "channel_banca", "stewardship"):
        copy = shutil.copytree(landing / source / "2026-03-31", landing / source / "2026-04-15")
        manifest = copy / "_manifest.json"
        if manifest.exists():
            manifest.write_text(manifest.read_text().replace("2026-03-31", "2026-04-15"))
        again += 1
    return again


_RARE = "龘靐齉爨饕餮魍魉貔貅犇骉羴麤虪"  # no two of one sound


@dataclass(frozen=True)
class Stranger:
    """A person of whom nobody has the name, number, mobile or address."""

    number: int
    name: str
    id_number: str
    mobile: str
    address: str
    born: str
    sources: frozenset[str]


def strangers(chance: random.Random, count: int) -> list[Stranger]:
    """Persons with two or more records each, in random sources."""
    kinds = ("core_life", "core_banca", "channel_individual", "channel_banca", "channel_broker", "wechat_broker", "crm")
    made = []
    names = chance.sample([a + b for a in _RARE for b in _RARE], count)
    for number, given in enumerate(names):
        name = chance.choice("赵钱孙李周吴郑王") + given
        born = f"{chance.randint(1950, 2005)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
        first = f"659001{born}{chance.randint(1, 999):03}"
        check = mod_11_2.calc_check_digit(first)
        mobile = f"1{chance.choice('39')}6{chance.randint(0, 99_999_999):08}"
        address = f"新疆图木舒克市永安坝{chance.randint(1000, 9999)}号{number + 100}栋{chance.randint(1, 9)}单元"
        found = frozenset(chance.sample(kinds, chance.randint(2, len(kinds))))
        made.append(Stranger(number, name, first + check, mobile, address, born, found))
    return made


def with_strangers(persons: list[Stranger], chance: random.Random) -> Change:
    """Records of strangers among those that are there, from the first delivery on; their ids come before all others."""
    tables = {"client": _client, "CUST": _cust, "prospects": _prospect, "referrals": _referral, "bindings": _binding}
    tables |= {"followers": _follower, "cards": _card}

    def change(path: str, records: list[bytes]) -> list[bytes]:
        source, folder, file = path.split("/")
        line = next((line for name, line in tables.items() if file.startswith(name)), None)
        is_full = source in ("core_banca", "channel_individual", "channel_banca")
        if line is None or not (is_full or folder == "2026-01-31"):
            return records
        encoding = "gb18030" if source in ("core_banca", "channel_banca") else "utf-8"
        for person in persons:
            if source in person.sources:
                records.insert(chance.randint(0, len(records)), line(person).encode(encoding))
        return records

    return change


def _client(who: Stranger) -> str:
    born = f"{who.born[:4]}-{who.born[4:6]}-{who.born[6:]}"
    cells = [f"A{who.number:09}", who.name, "", born, "ID", who.id_number, who.mobile, "", "", who.address, "659003"]
    return ",".join([*cells, "", "", "", "", "", "2020-01-01T00:00:00", "2020-01-01T00:00:00", "N"])


def _cust(who: Stranger) -> str:
    cells = [f"0000{who.number:06}", who.name, "9", who.born, "01", who.id_number, who.mobile, "", who.address, "659003"]
    return "|".join([*cells, "", "9", "9", "", "20200101", "20200101"])


def _prospect(who: Stranger) -> str:
    return ",".join([f"AS{who.number:08}", who.name, "", who.born, who.mobile, "陌拜", "20200101", "", "", "", ""])


def _referral(who: Stranger) -> str:
    return "|".join([f"A{who.number:09}", "B01", "B010001", who.name, who.mobile, who.id_number[-4:], "20200101", "年金", "2"])


def _follower(who: Stranger) -> str:
    row = {"openid": f"o0{who.number:026}", "subscribe": 1, "subscribe_time": 1598927780, "subscribe_scene": "ADD_SCENE_SEARCH"}
    return json.dumps(row | {"tagid_list": [], "remark": ""})


def _binding(who: Stranger) -> str:
    row = {"openid": f"o0{who.number:026}", "bound_at": "2020-10-28T18:07:34", "mobile": who.mobile, "name": who.name}
    return json.dumps(row | {"id_last4": who.id_number[-4:]})


def _card(who: Stranger) -> str:
    row = {
        "card_id": f"A{who.number:08}",
        "who": {"name": who.name, "mobile": who.mobile},
        "captured_at": "2020-07-04T18:13:31+08:00",
    }
    return json.dumps(row)


def add_stranger_workbook(landing: Path, persons: list[Stranger]) -> None:
    """A workbook of a partner of their own."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["客户姓名", "证件类型", "证件号码", "手机号", "保单号", "出生日期", "性别", "年收入", "备注", "标签"])
    for who in persons:
        if "channel_broker" in who.sources:
            sheet.append([who.name, "身份证", who.id_number, who.mobile, f"000{who.number:09}"])
    book.save(landing / "channel_broker" / "2026-01-31" / "customers_P000.xlsx")


def without(record_keys: set[str], landing: Path) -> Change:
    """Records (system:id) leave the last delivery of their source: a full one lacks them, a delta says that they are deleted."""
    last = {source: max(f.name for f in (landing / source).iterdir() if sound(f)) for source in GOING}

    def change(path: str, records: list[bytes]) -> list[bytes]:
        source, folder, file = path.split("/")
        if folder != last.get(source) or not file.startswith(GOING[source]):
            return records
        going = {key.removeprefix(f"{source}:") for key in record_keys if key.startswith(f"{source}:")}
        if source != "core_life":
            return [record for record in records if first_field(record).strip() not in going]
        columns = "A,A,,,,,,,,,,,,,,,2020-01-01T00:00:00,2026-04-30T00:00:00,Y"
        return [*records, *(columns.replace("A,A", f"{going_id},").encode() for going_id in sorted(going))]

    return change


GOING = {"core_life": "client", "core_banca": "CUST", "channel_individual": "prospects", "channel_banca": "referrals"}
