"""Encryption of data files to a recipient's OpenPGP public key.

Keys lie in ``$GLIFE_RECIPIENT_KEYS/<channel>/<recipient>.asc`` (armored or binary certificates). Without a usable key a
package is held and holds no data: there is never a plain file in the outbox. Once the key is there, the next export
makes the package.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pysequoia import Cert, encrypt_file

from warehouse.settings import Settings


class KeyProblem(Exception):
    """Why nothing can be encrypted to a recipient; the text goes into the manifest."""


def key_file(settings: Settings, channel: str, folder_name: str) -> Path:
    """Where a recipient's certificate lies; ``folder_name`` is that of its folder in the outbox."""
    return settings.recipient_keys / channel / f"{folder_name}.asc"


def load_certificate(settings: Settings, channel: str, folder_name: str) -> Cert:
    """The recipient's certificate; raises KeyProblem when it is absent, unreadable, revoked or expired."""
    path = key_file(settings, channel, folder_name)
    if not path.is_file():
        raise KeyProblem(f"NO_KEY: there is no {channel}/{path.name} in the folder of recipients' keys")
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
    try:
        encrypt_file(str(plain), str(target), recipients=[certificate], armor=False)
    except Exception as error:  # a certificate without a key that encrypts; the text names no data
        raise KeyProblem(f"BAD_KEY: nothing can be encrypted to {certificate.fingerprint} ({error})") from None
    return target
