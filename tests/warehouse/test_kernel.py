"""Settings, keys, files: what the rest of the product leans on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse import keys
from warehouse.duck import connect
from warehouse.errors import GlifeError
from warehouse.files import lock, replace_link, write_json
from warehouse.settings import get_settings


def test_everything_lies_below_home_unless_said_otherwise(tmp_path: Path) -> None:
    settings = get_settings(home=tmp_path)
    assert settings.landing == tmp_path / "landing"
    assert settings.key_file == tmp_path / "secrets" / "pseudonym.key"
    assert get_settings(home=tmp_path, landing=tmp_path / "elsewhere").landing == tmp_path / "elsewhere"


def test_environment_sets_and_wrong_values_are_listed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIFE_QUIET_SECONDS", "-1")
    monkeypatch.setenv("GLIFE_THREADS", "many")
    with pytest.raises(GlifeError, match=r"(?s)GLIFE_QUIET_SECONDS.*GLIFE_THREADS"):
        get_settings()


def test_key_is_made_once_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = get_settings(home=tmp_path)
    key = keys.load_key(settings)
    assert keys.load_key(settings) == key
    assert settings.key_file.stat().st_mode & 0o777 == 0o600


def test_short_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_bytes(b"letmein")
    with pytest.raises(GlifeError) as refusal:
        keys.load_key(get_settings(home=tmp_path, key_file=key_file))
    assert "letmein" not in str(refusal.value)


@pytest.mark.parametrize("length", [32, 64, 65, 200])
def test_sql_pseudonym_equals_the_python_one_and_keeps_null(tmp_path: Path, length: int) -> None:
    settings = get_settings(home=tmp_path)
    key = bytes(range(1, length + 1))
    with connect(":memory:", settings) as connection:
        keys.register(connection, key)
        row = connection.execute("select glife_hmac('ref' || chr(31) || 'P001' || chr(31) || '张三'), glife_hmac(null)")
        assert row.fetchone() == (keys.pseudonym(key, "ref", "P001", "张三"), None)


def test_pseudonym_parts_cannot_be_shifted_into_each_other() -> None:
    assert keys.pseudonym(b"k" * 32, "ab", "c") != keys.pseudonym(b"k" * 32, "a", "bc")


def test_json_and_links_are_replaced_whole(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"n": 1})
    write_json(tmp_path / "a.json", {"n": 2})
    assert json.loads((tmp_path / "a.json").read_text()) == {"n": 2}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        replace_link(tmp_path / "current", tmp_path / name)
    assert (tmp_path / "current").resolve() == tmp_path / "two"
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from warehouse.files import lock\n"
        "with lock(Path(sys.argv[1]), 'x'):\n    print('held', flush=True); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "lock")], check=False, capture_output=True)
    with (
        lock(tmp_path / "lock", "a test", wait=False),
        pytest.raises(GlifeError, match="another process is busy with a test"),
        lock(tmp_path / "lock", "a test", wait=False),
    ):
        pass
