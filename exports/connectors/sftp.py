"""SFTP: each file under a temporary name, renamed when it is whole; data, then manifest, then the mark.

The server's host key must be the one in ``known_hosts``. A transfer that broke off goes on where it stopped: the bytes of a
marked package never change. Acknowledgements that the recipient has left on the server are fetched and removed there.
"""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

from exports.connectors.acks import land
from exports.connectors.target import SftpTarget
from exports.package import MANIFEST, READY, Package
from warehouse.errors import GlifeError

_BLOCK = 1 << 18
_LARGEST_ACK = 1 << 26


def upload(target: SftpTarget, package: Package) -> None:
    """Bring a marked package to the server; raises GlifeError when it cannot be reached or trusted."""
    with _session(target) as sftp:
        folder = posixpath.join(target.folder, package.package_id)
        _make_folders(sftp, folder)
        present = {entry.filename: entry.st_size for entry in sftp.listdir_attr(folder)}
        for path in _in_order(package):
            if present.get(path.name) != path.stat().st_size:
                _upload_file(sftp, path, posixpath.join(folder, path.name), present.get(f".{path.name}.part"))


def fetch_acks(target: SftpTarget, landing: Path) -> list[Path]:
    """Move the acknowledgements on the server into ``landing``, each by one rename; returns where they are now."""
    fetched = []
    with _session(target) as sftp:
        try:
            entries = sftp.listdir_attr(target.acks_folder)
        except FileNotFoundError:
            return []
        for entry in sorted(entries, key=lambda each: each.filename):
            if (
                not entry.filename.endswith(".ack.json")
                or not stat.S_ISREG(entry.st_mode or 0)
                or (entry.st_size or 0) > _LARGEST_ACK
            ):
                continue
            remote = posixpath.join(target.acks_folder, entry.filename)
            with sftp.open(remote, "rb") as file:
                fetched.append(land(landing, entry.filename, file.read()))
            sftp.remove(remote)
    return fetched


def _in_order(package: Package) -> list[Path]:
    last = [package.folder / MANIFEST, package.folder / READY]
    return [*sorted(path for path in package.folder.iterdir() if path not in last), *last]


def _upload_file(sftp: paramiko.SFTPClient, path: Path, final: str, already: int | None) -> None:
    part = posixpath.join(posixpath.dirname(final), f".{path.name}.part")
    size = path.stat().st_size
    start = already if already is not None and already <= size else 0
    with path.open("rb") as source, sftp.open(part, "ab" if start else "wb") as sink:
        sink.set_pipelined(True)
        source.seek(start)
        while block := source.read(_BLOCK):
            sink.write(block)
    arrived = sftp.stat(part).st_size
    if arrived != size:
        raise GlifeError(f"{arrived} of {size} bytes arrived", path.name, "run `glife deliver` again: it goes on from there")
    sftp.posix_rename(part, final)


def _make_folders(sftp: paramiko.SFTPClient, folder: str) -> None:
    parts = folder.split("/")
    for depth in range(1, len(parts) + 1):
        path = "/".join(parts[:depth])
        if path in ("", "."):
            continue
        try:
            sftp.stat(path)
        except FileNotFoundError:
            sftp.mkdir(path)


@contextmanager
def _session(target: SftpTarget) -> Iterator[paramiko.SFTPClient]:
    where = f"sftp {target.host}:{target.port}"
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        client.load_host_keys(str(target.known_hosts))
        client.connect(
            target.host,
            target.port,
            target.user,
            key_filename=str(target.key_file),
            allow_agent=False,
            look_for_keys=False,
            timeout=target.timeout_seconds,
        )
        with client.open_sftp() as sftp:
            if channel := sftp.get_channel():
                channel.settimeout(target.timeout_seconds)
            yield sftp
    except paramiko.BadHostKeyException:
        raise GlifeError(
            "the server shows another host key than the known one", where, "ask its owner before anything else"
        ) from None
    except paramiko.AuthenticationException:
        raise GlifeError("the server refuses the key", where, "check user and key_file of the target") from None
    except (paramiko.SSHException, OSError) as error:
        raise GlifeError(f"the transfer failed: {error}", where, "run `glife deliver` again: it goes on from there") from None
    finally:
        client.close()
