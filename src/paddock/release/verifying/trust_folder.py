"""The trust folder, as a user fills it: keys, successors of keys, roots of update metadata."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paddock.digest import sha256_hex
from paddock.release.signatures.tuf.strict import pinned_root
from paddock.release.verifying.trust import MAX_ROOT_BYTES, ROOT_SUFFIX
from paddock.signing.errors import BadSignature
from paddock.signing.key_ring import follow_succession, trust_keys
from paddock.signing.keys import (
    load_trust,
    read_key_file,
    trust_folder,
    write_if_absent,
)
from paddock.signing.public_keys import key_fingerprint, kind_of


@dataclass(frozen=True, slots=True)
class Trusted:
    """One thing that the user trusts."""

    what: str  # p256, …; root of update metadata
    fingerprint: str
    path: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def trust_this(config_home: Path, path: Path) -> list[Trusted]:
    """Trust what the file holds; raises BadKey for what is neither keys, a successor nor a root."""
    raw = read_key_file(path, MAX_ROOT_BYTES)
    if b"-----BEGIN" in raw[:64]:
        keys = trust_keys(config_home, raw, str(path))
        return [Trusted(kind_of(key.public), key.fingerprint, str(path)) for key in keys]
    try:
        new = follow_succession(config_home, raw).new
        return [Trusted(kind_of(new), key_fingerprint(new), str(path))]
    except BadSignature:
        pass
    pinned_root(raw, str(path))
    folder = trust_folder(config_home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = sha256_hex(raw)
    write_if_absent(folder / f"{digest[:16]}{ROOT_SUFFIX}", raw, 0o644)
    return [Trusted("root of update metadata", digest, str(path))]


def trusted_here(config_home: Path) -> list[Trusted]:
    """Everything in the trust folder; raises BadKey when something there cannot be read."""
    keys = [
        Trusted(kind_of(key.public), key.fingerprint, key.origin)
        for key in load_trust(None, config_home)
    ]
    folder = trust_folder(config_home)
    roots = sorted(folder.glob(f"*{ROOT_SUFFIX}")) if folder.is_dir() else []
    return keys + [
        Trusted(
            "root of update metadata", sha256_hex(read_key_file(path, MAX_ROOT_BYTES)), str(path)
        )
        for path in roots
    ]
