"""Tag synchronisation with a WeChat account: from ``tag_sync.jsonl`` to calls of the platform, and back to an ack.

What is known of the account (which of our tags is on which openid, which openids the platform refused and when, calls of
the day, the token) is kept in a small database below GLIFE_HOME and written down after every call. So only the
difference is sent, a run that was killed or hit the daily limit goes on where it stopped, and the limit holds over runs.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from exports.connectors import acks
from exports.connectors.target import WechatTarget
from exports.connectors.wechat_api import (
    BATCH,
    MOST_TAGS,
    NOT_A_FOLLOWER,
    NOT_OF_THIS_ACCOUNT,
    QUOTA,
    TAGS_FULL,
    WechatApi,
    WechatError,
)
from exports.package import Package
from warehouse import runlog
from warehouse.errors import GlifeError

_PERMANENT = {NOT_A_FOLLOWER, NOT_OF_THIS_ACCOUNT, TAGS_FULL}  # of one openid; the others of its call are fine
_TOKEN_MARGIN = 300  # seconds
_SCHEMA = """
create table if not exists member (openid text, tag text, primary key (openid, tag)) without rowid;
create table if not exists refused (openid text primary key, code integer, refused_on text) without rowid;
create table if not exists calls (day text primary key, made integer);
create table if not exists token (value text, valid_until real);
"""


class _Account:
    """What is known of one account, durable after every call."""

    def __init__(self, connection: sqlite3.Connection, target: WechatTarget) -> None:
        self._connection, self._target = connection, target

    def load_token(self) -> str | None:
        row = self._connection.execute("select value from token where valid_until > ?", [time.time()]).fetchone()
        return row[0] if row else None

    def keep_token(self, value: str, seconds: int) -> None:
        with self._connection:
            self._connection.execute("delete from token")
            self._connection.execute("insert into token values (?, ?)", [value, time.time() + seconds - _TOKEN_MARGIN])

    def count_call(self) -> None:
        """Take one of the day's calls; raises WechatError when none is left."""
        day = runlog.now().date().isoformat()
        row = self._connection.execute("select made from calls where day = ?", [day]).fetchone()
        if row and row[0] >= self._target.daily_calls:
            raise WechatError(QUOTA, "the day's calls")
        with self._connection:
            self._connection.execute("delete from calls where day <> ?", [day])
            self._connection.execute("insert into calls values (?, 1) on conflict do update set made = made + 1", [day])

    def close_day(self) -> None:
        """The platform says that the day's calls are used up: no more until tomorrow."""
        day = runlog.now().date().isoformat()
        with self._connection:
            self._connection.execute("insert or replace into calls values (?, ?)", [day, self._target.daily_calls])

    def members(self) -> dict[str, set[str]]:
        known: dict[str, set[str]] = defaultdict(set)
        for openid, tag in self._connection.execute("select openid, tag from member"):
            known[openid].add(tag)
        return known

    def put_on(self, tag: str, openids: list[str]) -> None:
        with self._connection:
            rows = [(openid, tag) for openid in openids]
            self._connection.executemany("insert or ignore into member values (?, ?)", rows)
            self._connection.executemany("delete from refused where openid = ?", [(openid,) for openid in openids])

    def take_off(self, tag: str, openids: list[str]) -> None:
        with self._connection:
            rows = [(openid, tag) for openid in openids]
            self._connection.executemany("delete from member where openid = ? and tag = ?", rows)

    def refuse(self, openid: str, code: int) -> None:
        with self._connection:
            self._connection.execute("delete from member where openid = ?", [openid])
            day = runlog.now().date().isoformat()
            self._connection.execute("insert or replace into refused values (?, ?, ?)", [openid, code, day])

    def refused(self) -> dict[str, int]:
        """Openids that are not asked again yet, with the platform's code."""
        since = runlog.now().date() - timedelta(days=self._target.ask_again_after_days)
        rows = self._connection.execute("select openid, code from refused where refused_on > ?", [since.isoformat()])
        return dict(rows.fetchall())

    def forget_all_but(self, openids: set[str]) -> None:
        """Nothing is kept of persons who are no longer listed: gone, or erased."""
        with self._connection:
            for table in ("member", "refused"):
                known = {row[0] for row in self._connection.execute(f"select openid from {table}")}
                gone = [(openid,) for openid in known - openids]
                self._connection.executemany(f"delete from {table} where openid = ?", gone)


def synchronise(target: WechatTarget, package: Package, state_file: Path, landing: Path) -> Path:
    """Bring the account's tags to what the package says and acknowledge it in ``landing``.

    Raises GlifeError when the platform stops taking calls; what was done until then is done.
    """
    wanted = _wanted(package)
    with _account(state_file, target) as account:
        api = WechatApi(target, account.load_token, account.keep_token, account.count_call)
        try:
            _bring(account, api, wanted)
        except WechatError as error:
            if error.code == QUOTA:
                account.close_day()
                raise GlifeError("the day's calls are used up", package.recipient, "`glife deliver` goes on tomorrow") from None
            remedy = "run `glife deliver` again: it goes on from there"
            raise GlifeError(str(error), package.recipient, remedy) from None
        finally:
            api.close()
        if package.manifest["mode"] == "full":
            account.forget_all_but(set(wanted))
        rejected = [{"openid": openid, "reason": str(code)} for openid, code in sorted(account.refused().items())]
        rejected = [each for each in rejected if each["openid"] in wanted]
    return acks.answer(landing, package, rejected, len(wanted))


def _wanted(package: Package) -> dict[str, tuple[set[str], set[str]]]:
    """Openid → tags that belong on it, and tags that the list says to take off."""
    wanted = {}
    with (package.folder / "tag_sync.jsonl").open(encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            wanted[line["openid"]] = (set(line["add"] or []), set(line["remove"] or []))
    return wanted


def _bring(account: _Account, api: WechatApi, wanted: dict[str, tuple[set[str], set[str]]]) -> None:
    on, refused = account.members(), account.refused()
    to_add: dict[str, list[str]] = defaultdict(list)
    to_remove: dict[str, list[str]] = defaultdict(list)
    for openid, (add, remove) in wanted.items():
        if openid in refused:
            continue
        for tag in on.get(openid, remove) - add:
            to_remove[tag].append(openid)
        for tag in add - on.get(openid, set()):
            to_add[tag].append(openid)
    if not to_add and not to_remove:
        return
    ids = _tag_ids(api, set(to_add))
    for tag, openids in sorted(to_remove.items()):
        for batch in _batches(openids):
            if tag in ids:  # else the tag is gone from the account, and so from everybody
                _send(account, api.untag, ids[tag], batch)
            account.take_off(tag, batch)
    for tag, openids in sorted(to_add.items()):
        for batch in _batches(openids):
            account.put_on(tag, _send(account, api.tag, ids[tag], batch))


def _tag_ids(api: WechatApi, needed: set[str]) -> dict[str, int]:
    ids = api.tags()
    missing = sorted(needed - set(ids))
    if len(ids) + len(missing) > MOST_TAGS:
        remedy = f"remove tags that nobody needs; {len(missing)} more must fit"
        raise GlifeError(f"the account has {len(ids)} of {MOST_TAGS} tags", "WeChat", remedy)
    return ids | {name: api.create_tag(name) for name in missing}


def _send(account: _Account, call: Callable[[int, list[str]], None], tag_id: int, openids: list[str]) -> list[str]:
    """Make the call; where one openid is refused, halve until it stands alone. Returns the openids that were taken."""
    try:
        call(tag_id, openids)
        return openids
    except WechatError as error:
        if error.code not in _PERMANENT:
            raise
        if len(openids) == 1:
            account.refuse(openids[0], error.code)
            return []
    middle = len(openids) // 2
    return _send(account, call, tag_id, openids[:middle]) + _send(account, call, tag_id, openids[middle:])


def _batches(openids: list[str]) -> Iterator[list[str]]:
    ordered = sorted(openids)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]


@contextmanager
def _account(path: Path, target: WechatTarget) -> Iterator[_Account]:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_SCHEMA)
        yield _Account(connection, target)
