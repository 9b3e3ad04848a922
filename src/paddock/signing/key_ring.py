"""A user's own keys and the ones they trust, as folders: what is there, added, followed, removed.

Knows the two folders and the names in them. A private key is never overwritten, moved only by a
rotation, and never shown.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

from paddock.errors import NotFound, shown
from paddock.signing.errors import BadKey, KeyExists
from paddock.signing.keys import (
    PASSWORD_VARIABLE,
    TrustedKey,
    create_key,
    load_private_key,
    load_trust,
    public_keys_in,
    read_key_file,
    save_key,
    trust_folder,
    write_if_absent,
)
from paddock.signing.private_keys import private_key_in
from paddock.signing.public_keys import (
    Kind,
    PublicKey,
    key_fingerprint,
    kind_of,
    public_pem,
)
from paddock.signing.signers import KeySigner
from paddock.signing.succession import Succession, open_succession, sign_succession

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
_PUBLIC = ".pub.pem"
MIN_FINGERPRINT_CHARS = 8


@dataclass(frozen=True, slots=True)
class OwnKey:
    """One of the user's keys, by its public half."""

    name: str
    path: Path
    public: PublicKey
    is_encrypted: bool

    @property
    def fingerprint(self) -> str:
        return key_fingerprint(self.public)

    @property
    def kind(self) -> Kind:
        return kind_of(self.public)


def own_keys(folder: Path) -> list[OwnKey]:
    """Every key in the folder whose public half lies beside it, by name."""
    found = []
    for path in sorted(folder.glob("*.pem")) if folder.is_dir() else []:
        public_path = path.with_name(path.name.removesuffix(".pem") + _PUBLIC)
        if path.name.endswith(_PUBLIC) or not public_path.exists():
            continue
        public = public_keys_in(read_key_file(public_path), str(public_path))[0].public
        is_encrypted = b"ENCRYPTED" in read_key_file(path)
        found.append(OwnKey(path.name.removesuffix(".pem"), path, public, is_encrypted))
    return found


def own_key(folder: Path, name: str) -> OwnKey:
    """The key of this name; raises NotFound."""
    for key in own_keys(folder):
        if key.name == name:
            return key
    raise NotFound(f"there is no key {shown(name)} in {folder}", hint="`paddock keys list`")


def key_path(folder: Path, name: str) -> Path:
    """Where a key of this name is; raises BadKey for what is no name."""
    if not _NAME.fullmatch(name) or name.endswith((".pem", ".pub")):
        raise BadKey(f"{shown(name)} cannot name a key", hint="letters, digits, '.', '_' and '-'")
    return folder / f"{name}.pem"


def import_key(
    folder: Path, name: str, pem: bytes, passwords: tuple[str | None, str | None]
) -> OwnKey:
    """Take a private key from elsewhere; ``passwords``: the one it has, and the one it gets."""
    key = private_key_in(pem, passwords[0], "that was given")
    save_key(key_path(folder, name), key, passwords[1])
    return own_key(folder, name)


def rotate_key(
    folder: Path, name: str, kind: Kind, password: str | None, today: datetime.date
) -> tuple[OwnKey, Path, Path]:
    """A new key under the old one's name; the old one, and the succession that both sign.

    The old key is read with ``password``, which the new one gets, too.
    """
    old = own_key(folder, name)
    private = load_private_key(old.path, {PASSWORD_VARIABLE: password or ""})
    archived = key_path(folder, f"{name}.until-{today.isoformat()}")
    succession_path = folder / f"{name}.succession-{today.isoformat()}.json"
    if archived.exists() or succession_path.exists():
        raise KeyExists(f"{name} was rotated today already: {archived}")
    new = create_key(key_path(folder, f"{name}.new"), kind, password)
    succession = Succession(private.public_key(), new.public_key(), today)
    raw = sign_succession(succession, KeySigner(private), KeySigner(new))
    write_if_absent(succession_path, raw, 0o644)
    _move(folder, name, archived.name.removesuffix(".pem"))
    _move(folder, f"{name}.new", name)
    return own_key(folder, name), archived, succession_path


def _move(folder: Path, name: str, to: str) -> None:
    for suffix in (".pem", _PUBLIC):
        (folder / f"{name}{suffix}").rename(folder / f"{to}{suffix}")


def trust_keys(config_home: Path, raw: bytes, where: str) -> list[TrustedKey]:
    """Trust the public keys in ``raw``; those that are trusted already stay as they are."""
    keys = public_keys_in(raw, where)
    for key in keys:
        _trust(config_home, key.public)
    return keys


def follow_succession(config_home: Path, raw: bytes) -> Succession:
    """Trust the new key of a succession whose old key is trusted; raises BadKey otherwise."""
    succession = open_succession(raw)
    old = key_fingerprint(succession.old)
    if old not in {key.fingerprint for key in load_trust(None, config_home)}:
        raise BadKey(
            f"the succession is of the key {old}, which you do not trust",
            hint="trust the new key by itself, if you know whose it is",
        )
    _trust(config_home, succession.new)
    return succession


def distrust(config_home: Path, which: str) -> list[Path]:
    """Remove every trusted file that holds the key (a fingerprint's beginning) or has this name.

    A file that holds other keys as well is named and left: raises BadKey.
    """
    folder = trust_folder(config_home)
    removed = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name in {which, f"{which}.pem"}:
            removed.append(path)
        elif path.suffix == ".pem" and len(which) >= MIN_FINGERPRINT_CHARS:
            keys = public_keys_in(read_key_file(path), str(path))
            matching = [key for key in keys if key.fingerprint.startswith(which)]
            if matching and len(matching) < len(keys):
                raise BadKey(f"{path} holds other keys besides", hint="edit the file")
            removed += [path] if matching else []
    if not removed:
        raise NotFound(
            f"nothing that you trust is {shown(which)}", hint="`paddock keys trust list`"
        )
    for path in removed:
        path.unlink()
    return removed


def _trust(config_home: Path, key: PublicKey) -> None:
    folder = trust_folder(config_home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_if_absent(folder / f"{key_fingerprint(key)[:16]}.pem", public_pem(key), 0o644)
