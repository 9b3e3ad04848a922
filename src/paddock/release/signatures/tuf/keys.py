"""The private keys of the four roles, in one folder.

``root-1.pem``, ``root-2.pem``, …, ``targets.pem``, ``snapshot.pem``, ``timestamp.pem``; a file
``ROLE.uri`` in place of a key names one on a token or in a key service. A role whose key is not
here cannot be signed here: root keys are meant to be elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from paddock.release.signatures.tuf.metadata import ROLES
from paddock.signing.errors import BadKey
from paddock.signing.keys import MAX_KEY_FILE_BYTES, create_key
from paddock.signing.signers import load_signer
from paddock.signing.sslib import Signer

_FILE = re.compile(rf"({'|'.join(ROLES)})(?:-[0-9A-Za-z]{{1,32}})?\.(pem|uri)")


def role_signers(folder: Path, role: str, environ: Mapping[str, str] | None = None) -> list[Signer]:
    """Every key of ``role`` in the folder, by name; none when they are kept elsewhere."""
    if not folder.is_dir():
        return []
    signers = []
    for path in sorted(folder.iterdir()):
        if (found := _FILE.fullmatch(path.name)) and found[1] == role:
            signers.append(load_signer(_named_in(path), folder, environ=environ))
    return signers


def create_role_keys(folder: Path, root_keys: int, password: str | None) -> list[Path]:
    """New Ed25519 keys for every role that has none in the folder, as many for root as wanted."""
    made: list[Path] = []
    for role in ROLES:
        if any((found := _FILE.fullmatch(path.name)) and found[1] == role for path in _in(folder)):
            continue
        count = root_keys if role == "root" else 1
        names = [f"root-{number}" for number in range(1, count + 1)] if role == "root" else [role]
        for name in names:
            create_key(folder / f"{name}.pem", "ed25519", password)
            made.append(folder / f"{name}.pem")
    return made


def _in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _named_in(path: Path) -> str:
    if path.suffix == ".pem":
        return f"./{path.name}"
    if path.stat().st_size > MAX_KEY_FILE_BYTES:
        raise BadKey(f"{path} is larger than any URI")
    return path.read_text(encoding="utf-8").strip()
