"""OpenPGP key pairs for sample partners, so that a fresh installation shows encrypted lists and how to open them.

Real partners make their pair themselves and send the public half; a secret key never comes near the warehouse.

    python -m exports.demo_keys KEYS FILE.pgp…     opens a sample partner's files into the present folder
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pysequoia import Tsk, decrypt_file


def write_demo_keys(landing: Path, keys: Path) -> list[str]:
    """A pair for every partner with a customers workbook below ``landing``; returns the codes. Pairs that are there stay."""
    prefix = "customers_"
    codes = sorted({path.stem.removeprefix(prefix) for path in landing.glob(f"channel_broker/*/{prefix}*.xlsx")})
    folder = keys / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    for code in codes:
        public = folder / f"{code}.asc"
        if public.exists():
            continue
        pair = Tsk.generate(user_id=f"{code} (sample partner)")
        secret = folder / f"{code}.sample-secret.asc"
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(str(pair))
        public.write_text(str(pair.extract_certificate()), encoding="utf-8")
    return codes


def open_demo_file(keys: Path, cipher: Path, folder: Path) -> Path:
    """Decrypt a sample partner's file into ``folder``, with the secret key that ``write_demo_keys`` made."""
    code = cipher.resolve().parent.parent.name  # outbox/broker/<code>/<package>/<file>
    secret = Tsk.from_file(str(keys / "broker" / f"{code}.sample-secret.asc"))
    plain = folder / cipher.name.removesuffix(".pgp")
    decrypt_file(str(cipher), str(plain), decryptor=secret.decryptor())
    return plain


if __name__ == "__main__":
    for name in sys.argv[2:]:
        print(open_demo_file(Path(sys.argv[1]), Path(name), Path.cwd()))
