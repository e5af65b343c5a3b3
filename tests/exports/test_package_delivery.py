"""Packages by folder drop and by SFTP, against an OpenSSH server started here; answers come back through the landing folder."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from lake_acks import generation_of
from recipient_view import manifest

from exports.connectors import folder as folder_drop
from exports.connectors import sftp
from exports.delivery import deliver
from exports.package import PackageResult
from exports.run import export_all
from exports.standing import standing
from warehouse.errors import GlifeError
from warehouse.settings import Settings

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def declare(settings: Settings, channel: str, recipient: str, **target: Any) -> None:
    settings.delivery_file.parent.mkdir(parents=True, exist_ok=True)
    settings.delivery_file.write_text(yaml.safe_dump({channel: {recipient: target}}), encoding="utf-8")


def export(settings: Settings, folder: Path, number: int = 1) -> PackageResult:
    generation = generation_of(folder, number, {1: 3, 2: 5, 3: 1})
    (result,) = export_all(settings, generation, ["individual"], ["31"])
    return result


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def ack_of(package: PackageResult, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"31_{package.package_id}.ack.json").write_text('{"package_id": "x"}', encoding="utf-8")


def test_a_folder_gets_the_package_whole_once_and_gives_answers_back(settings: Settings, tmp_path: Path) -> None:
    share = tmp_path / "share"
    declare(settings, "individual", "*", connector="folder", path=str(share / "{recipient}"), acks_path=str(share / "acks"))
    package = export(settings, tmp_path)
    (failed,) = deliver(settings, "2026-01-31")
    assert "the folder for deliveries is not there" in failed.problem
    share.mkdir()
    (outcome,) = deliver(settings, "2026-01-31")
    assert (outcome.is_new, outcome.problem) == (True, "")
    assert bytes_of(share / "31" / package.package_id) == bytes_of(package.folder)
    ack_of(package, share / "acks")
    (again,) = deliver(settings, "2026-01-31")
    assert (again.is_new, [path.parent for path in again.acks]) == (False, [settings.landing / "acks" / "2026-01-31"])
    assert not list((share / "acks").iterdir())


def test_a_killed_drop_shows_no_half_package(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(settings, "individual", "*", connector="folder", path=str(tmp_path / "{recipient}"))
    package = export(settings, tmp_path)

    def die(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(folder_drop, "fsync_folder", die)
        with pytest.raises(KeyboardInterrupt):
            deliver(settings, "2026-01-31")
    assert not (tmp_path / "31" / package.package_id).exists()
    deliver(settings, "2026-01-31")
    assert bytes_of(tmp_path / "31" / package.package_id) == bytes_of(package.folder)
    assert [path.name for path in (tmp_path / "31").iterdir()] == [package.package_id]


def test_only_marked_packages_with_a_target_go_out(settings: Settings, tmp_path: Path, generation: Path) -> None:
    no_keys = settings.model_copy(update={"recipient_keys": tmp_path / "none"})
    declare(no_keys, "broker", "*", connector="folder", path=str(tmp_path / "{recipient}"))
    export_all(no_keys, generation, ["broker", "crm"])
    assert deliver(no_keys, "2026-01-31") == []


def test_a_wrong_declaration_is_told(settings: Settings, tmp_path: Path) -> None:
    declare(settings, "individual", "31", connector="pigeon")
    with pytest.raises(GlifeError, match="the delivery targets are wrong"):
        deliver(settings, "2026-01-31")


@dataclass(frozen=True)
class Server:
    """An OpenSSH server: its port, the key that it takes, what it is known by, and the folder that its client sees."""

    port: int
    user: str
    key_file: Path
    known_hosts: Path
    root: Path

    def target(self, **other: Any) -> dict[str, Any]:
        base = {"connector": "sftp", "host": "127.0.0.1", "port": self.port, "user": self.user, "timeout_seconds": 10}
        keys = {"key_file": str(self.key_file), "known_hosts": str(self.known_hosts)}
        folders = {"folder": str(self.root / "incoming"), "acks_folder": str(self.root / "acks")}
        return {**base, **keys, **folders, **other}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if SSHD is None:
        pytest.skip("OpenSSH's server is not installed: apt-get install openssh-server")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_bytes((folder / "client.pub").read_bytes())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "Subsystem": "sftp internal-sftp",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where the server locks up its unprivileged half
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.PIPE)
    try:
        _wait_for(port, process)
        yield Server(port, getpass.getuser(), folder / "client", folder / "known_hosts", folder / "files")
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if process.poll() is not None:
            assert process.stderr is not None
            raise AssertionError(process.stderr.read().decode())
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


@pytest.fixture
def files(server: Server) -> Iterator[Path]:
    server.root.mkdir()
    yield server.root
    shutil.rmtree(server.root)


def test_sftp_brings_the_package_and_fetches_answers(settings: Settings, tmp_path: Path, server: Server, files: Path) -> None:
    declare(settings, "individual", "31", **server.target())
    package = export(settings, tmp_path)
    (outcome,) = deliver(settings, "2026-01-31")
    assert (outcome.is_new, outcome.problem) == (True, "")
    assert bytes_of(files / "incoming" / package.package_id) == bytes_of(package.folder)
    (state,) = standing(settings, package_date(package)).packages
    assert state.delivered_at
    ack_of(package, files / "acks")
    (files / "acks" / "half.ack.json.part").write_text("half", encoding="utf-8")
    (again,) = deliver(settings, "2026-01-31")
    assert [path.name for path in again.acks] == [f"31_{package.package_id}.ack.json"]
    assert [path.name for path in (files / "acks").iterdir()] == ["half.ack.json.part"]


def package_date(package: PackageResult) -> Any:
    from datetime import date

    return date.fromisoformat(manifest(package.folder)["as_of"])


def test_a_broken_transfer_goes_on_where_it_stopped_and_shows_no_half_file(
    settings: Settings, tmp_path: Path, server: Server, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(settings, "individual", "31", **server.target())
    package = export(settings, tmp_path)
    there = files / "incoming" / package.package_id
    whole = (package.folder / "tier_list.xlsx").read_bytes()
    sent: list[int] = []

    class Cut:
        """A file on the server whose line breaks after some bytes."""

        def __init__(self, file: Any, limit: int) -> None:
            self.file, self.limit = file, limit

        def __enter__(self) -> Cut:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def set_pipelined(self, _: bool) -> None:
            pass

        def write(self, block: bytes) -> None:
            sent.append(len(block))
            if sum(sent) > self.limit:
                raise OSError("the line broke")
            self.file.write(block)

    real_open = sftp.paramiko.SFTPClient.open
    with monkeypatch.context() as patched:
        patched.setattr(sftp, "_BLOCK", 1000)
        patched.setattr(sftp.paramiko.SFTPClient, "open", lambda self, name, mode="r": Cut(real_open(self, name, mode), 9000))
        (broken,) = deliver(settings, "2026-01-31")
    assert "goes on from there" in broken.problem
    names = {path.name for path in there.iterdir()}
    (part,) = [name for name in names if name.endswith(".part")]
    assert not {"manifest.json", "_READY"} & names
    assert 0 < (there / part).stat().st_size <= 9000
    before = {path.name: path.stat().st_ino for path in there.iterdir()}
    (outcome,) = deliver(settings, "2026-01-31")
    assert outcome.problem == "" and bytes_of(there) == bytes_of(package.folder)
    finished = part.removeprefix(".").removesuffix(".part")
    assert (there / finished).stat().st_ino == before[part]  # the same file went on
    assert (there / "tier_list.xlsx").read_bytes() == whole


def test_another_host_key_and_a_refused_key_end_the_transfer(
    settings: Settings, tmp_path: Path, server: Server, files: Path
) -> None:
    export(settings, tmp_path)
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    wrong = tmp_path / "wrong_hosts"
    wrong.write_text(f"[127.0.0.1]:{server.port} {other.with_suffix('.pub').read_text()}")
    unknown = tmp_path / "no_hosts"
    unknown.touch()
    for more, message in (
        ({"known_hosts": str(wrong)}, "another host key"),
        ({"known_hosts": str(unknown)}, "not found in known_hosts"),
        ({"key_file": str(other)}, "refuses the key"),
    ):
        declare(settings, "individual", "31", **server.target(**more))
        (outcome,) = deliver(settings, "2026-01-31")
        assert message in outcome.problem
    assert not (files / "incoming").exists()
