"""The private keys of the four roles, in one folder.

``root-1.pem``, ``root-2.pem``, …, ``targets.pem``, ``snapshot.pem``, ``timestamp.pem``; a file
``ROLE.uri`` in place of a key names one on a token or in a key service. A role whose key is not
here cannot be signed here: root keys are meant to be elsewhere. ``root-2.pub.pem`` alone is a key
of somebody who signs roots on another machine.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

from paddock.release.signatures.tuf.metadata import ROLES
from paddock.signing.errors import BadKey
from paddock.signing.key_services import as_sslib_key
from paddock.signing.keys import MAX_KEY_FILE_BYTES, create_key, public_keys_in, read_key_file
from paddock.signing.signers import load_signer
from paddock.signing.sslib import Key, Signer

_NAME = rf"({'|'.join(ROLES)})(?:-[0-9A-Za-z]{{1,32}})?"
_FILE = re.compile(rf"{_NAME}\.(pem|uri)")
_PUBLIC = re.compile(rf"{_NAME}\.pub\.pem")


def role_signers(folder: Path, role: str, environ: Mapping[str, str] | None = None) -> list[Signer]:
    """Every key of ``role`` in the folder, by name; none when they are kept elsewhere."""
    if not folder.is_dir():
        return []
    signers = []
    for path in sorted(folder.iterdir()):
        if (found := _FILE.fullmatch(path.name)) and found[1] == role:
            signers.append(load_signer(_named_in(path), folder, environ=environ))
    return signers


def role_keys(folder: Path, role: str) -> list[Key]:
    """The public keys of ``role`` in the folder: also those of others, ``ROLE-2.pub.pem`` alone."""
    found: dict[str, Key] = {s.public_key.keyid: s.public_key for s in role_signers(folder, role)}
    for path in _in(folder):
        if (named := _PUBLIC.fullmatch(path.name)) and named[1] == role:
            for trusted in public_keys_in(read_key_file(path), str(path)):
                found.setdefault(trusted.fingerprint, as_sslib_key(trusted.public))
    return list(found.values())


def create_role_keys(folder: Path, root_keys: int, password: str | None) -> list[Path]:
    """New Ed25519 keys for every role that has none in the folder, as many for root as wanted."""
    made: list[Path] = []
    for role in ROLES:
        if any((found := _FILE.fullmatch(path.name)) and found[1] == role for path in _in(folder)):
            continue
        count = root_keys if role == "root" else 1
        taken = {path.name.split(".")[0] for path in _in(folder)}
        free = (f"root-{n}" for n in itertools.count(1) if f"root-{n}" not in taken)
        names = list(itertools.islice(free, count)) if role == "root" else [role]
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
