"""A partner's list leaves encrypted to its key, or not at all."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from pysequoia import Cert, Tsk
from recipient_view import content, manifest

from exports.demo_keys import open_demo_file
from exports.package import PackageResult
from exports.run import dry_run, export_all
from warehouse.settings import Settings


def export_p001(settings: Settings, generation: Path) -> PackageResult:
    (result,) = export_all(settings, generation, ["broker"], ["P001"])
    return result


@pytest.fixture
def own_keys(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with an empty folder of recipients' keys."""
    (tmp_path / "own" / "broker").mkdir(parents=True)
    return settings.model_copy(update={"recipient_keys": tmp_path / "own"})


def put_key(settings: Settings, text: str) -> None:
    (settings.recipient_keys / "broker" / "P001.asc").write_text(text, encoding="utf-8")


def assert_held_without_data(settings: Settings, result: PackageResult, why: str) -> None:
    assert result.is_held and result.why[0].startswith(why)
    assert {path.name for path in result.folder.iterdir()} == {"manifest.json", "dictionary.csv"}
    assert manifest(result.folder)["files"] == []
    assert not list(settings.home.rglob("tier_list*"))


def test_without_a_key_the_package_is_held_and_no_plain_file_stays(own_keys: Settings, generation: Path) -> None:
    assert_held_without_data(own_keys, export_p001(own_keys, generation), "NO_KEY")
    (foretold,) = dry_run(own_keys, generation, ["broker"], ["P001"])
    assert foretold.is_held and foretold.why[0].startswith("NO_KEY")


def test_a_held_package_stays_as_it_is_until_its_key_comes(own_keys: Settings, generation: Path) -> None:
    held = export_p001(own_keys, generation)
    written = (held.folder / "manifest.json").stat().st_mtime_ns
    assert export_p001(own_keys, generation).package_id == held.package_id
    assert (held.folder / "manifest.json").stat().st_mtime_ns == written
    put_key(own_keys, str(Tsk.generate(user_id="P001").extract_certificate()))
    sent = export_p001(own_keys, generation)
    assert (sent.package_id, sent.is_held) == (held.package_id, False)
    assert (sent.folder / "tier_list.csv.pgp").is_file()


@pytest.mark.parametrize("trouble", ["BAD_KEY", "EXPIRED_KEY", "REVOKED_KEY"])
def test_a_key_that_is_no_longer_good_holds_the_package(own_keys: Settings, generation: Path, trouble: str) -> None:
    pair = Tsk.generate(user_id="P001", validity_seconds=1 if trouble == "EXPIRED_KEY" else 3600)
    certificate = pair.extract_certificate()
    if trouble == "REVOKED_KEY":
        revoked = Cert.from_bytes(bytes(certificate)).revoke(pair.certifier())
        certificate = certificate.merge(Cert.from_bytes(bytes(certificate) + bytes(revoked)))
    put_key(own_keys, "no key" if trouble == "BAD_KEY" else str(certificate))
    if trouble == "EXPIRED_KEY":
        _wait_until_expired(certificate)
    assert_held_without_data(own_keys, export_p001(own_keys, generation), trouble)


def _wait_until_expired(certificate: Cert) -> None:
    import time
    from datetime import UTC, datetime

    assert certificate.expiration is not None
    time.sleep(max((certificate.expiration - datetime.now(UTC)).total_seconds(), 0) + 0.1)


def test_ciphertext_is_made_once_and_kept(settings: Settings, generation: Path) -> None:
    first = export_p001(settings, generation)
    before = (first.folder / "tier_list.csv.pgp").read_bytes()
    again = export_p001(settings, generation)
    assert not again.is_new and (again.folder / "tier_list.csv.pgp").read_bytes() == before
    stated = {file["name"]: file for file in manifest(first.folder)["files"]}
    assert set(stated) == {"tier_list.xlsx.pgp", "tier_list.csv.pgp"}


@pytest.mark.skipif(shutil.which("gpg") is None, reason="GnuPG is not installed here")
def test_gnupg_opens_what_a_partner_receives(own_keys: Settings, generation: Path) -> None:
    home = tempfile.mkdtemp(prefix="gnupg", dir="/tmp")  # its agent's socket needs a short path
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
    try:
        subprocess.run([*gpg, "--quick-gen-key", "P001", "default", "default", "never"], check=True, capture_output=True)
        public = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True).stdout
        put_key(own_keys, public.decode())
        cipher = str(export_p001(own_keys, generation).folder / "tier_list.csv.pgp")
        opened = subprocess.run([*gpg, "--decrypt", cipher], check=True, capture_output=True).stdout
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False, capture_output=True)
        shutil.rmtree(home)
    assert opened.startswith(b"\xef\xbb\xbfcustomer_ref,change,tier,")
    assert "王".encode() in opened


def test_sample_keys_open_the_lists(settings: Settings, generation: Path, tmp_path: Path) -> None:
    folder = export_p001(settings, generation).folder
    plain = open_demo_file(settings.recipient_keys, folder / "tier_list.csv.pgp", tmp_path)
    assert plain.read_bytes() == content(settings, folder, "tier_list.csv")
