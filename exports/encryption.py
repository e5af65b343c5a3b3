"""Encryption of data files to a recipient's OpenPGP public key.

Keys lie in ``$GLIFE_HOME/keys/<channel>/<recipient>.asc`` (armored or binary certificates). Without a usable key a
package is held and holds no data: there is never a plain file in the outbox.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pysequoia import Cert, encrypt_file

from warehouse.settings import Settings


class KeyProblem(Exception):
    """Why nothing can be encrypted to a recipient; the text goes into the manifest."""


def load_certificate(settings: Settings, channel: str, folder_name: str) -> Cert:
    """The recipient's certificate; raises KeyProblem when it is absent, unreadable, revoked or expired."""
    path = settings.home / "keys" / channel / f"{folder_name}.asc"
    if not path.is_file():
        raise KeyProblem(f"NO_KEY: there is no public key {path.name}")
    try:
        certificate = Cert.from_file(str(path))
    except Exception as error:  # the library raises bare exceptions of many kinds
        raise KeyProblem(f"BAD_KEY: {path.name} is no OpenPGP certificate ({type(error).__name__})") from None
    if certificate.is_revoked:
        raise KeyProblem(f"REVOKED_KEY: {path.name} was revoked")
    expires = certificate.expiration
    if expires is not None and expires <= datetime.now(UTC):
        raise KeyProblem(f"EXPIRED_KEY: {path.name} expired on {expires:%Y-%m-%d}")
    return certificate


def encrypt_to(certificate: Cert, plain: Path, folder: Path) -> Path:
    """Write ``<plain name>.pgp`` into ``folder``; streaming, so memory does not grow with the file."""
    target = folder / f"{plain.name}.pgp"
    encrypt_file(str(plain), str(target), recipients=[certificate], armor=False)
    return target
