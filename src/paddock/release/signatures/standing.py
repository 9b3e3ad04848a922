"""Who has signed a release in a folder, and what is missing of its signatures.

The thin file with the effects: reads what lies beside release.json, bounded and without following
links, and writes signatures that are added. Believes nothing else of the folder; whether its files
are those that release.json lists is for the verifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from paddock.release.files.folder import list_folder
from paddock.release.files.manifest import (
    DSSE_NAME,
    MANIFEST_NAME,
    MAX_MANIFEST_BYTES,
    UPDATES_FOLDER,
    Manifest,
    parse_manifest,
)
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.release.files.replacing import replace_file
from paddock.release.signatures.cosigning import (
    SignaturesMissing,
    Standing,
    standing,
    together,
    with_signatures,
)
from paddock.release.signatures.sign import release_statement
from paddock.release.signatures.vouchers import Vouchers, parse_vouchers
from paddock.signing.errors import BadSignature

if TYPE_CHECKING:
    from paddock.signing.sslib import Signer

MAX_ENVELOPE_BYTES = 2 << 20  # a hundred signatures of 3 kB, with room
MAX_UPDATES_BYTES = 5_000_000  # of one file of update metadata
MAX_UPDATES_FILES = 1000


class Signed(NamedTuple):
    """A release as its signatures see it."""

    manifest: Manifest
    raw: bytes  # of release.json
    vouchers: Vouchers
    envelope: bytes | None  # release.dsse.json, where it is there

    @property
    def statement(self) -> bytes:
        """What the keys of the second envelope sign."""
        return release_statement(self.manifest, self.raw)


def read_signed(folder: Path) -> Signed:
    """The release in ``folder``; raises BadManifest, BadSignature, NotFound."""
    with opened_folder(folder) as folder_fd:
        raw = _bounded(folder_fd, MANIFEST_NAME, MAX_MANIFEST_BYTES)
        if raw is None:
            raise BadSignature(f"{folder} holds no release: it has no {MANIFEST_NAME}")
        envelope = _bounded(folder_fd, DSSE_NAME, MAX_ENVELOPE_BYTES)
    manifest = parse_manifest(raw)
    return Signed(manifest, raw, parse_vouchers(manifest.document), envelope)


def read_standing(folder: Path) -> Standing:
    """Who has signed; raises BadSignature for a signature that is not right."""
    signed = read_signed(folder)
    names = signed.vouchers.tuf_root is None or _is_named(folder, signed)
    return standing(signed.envelope, signed.statement, signed.vouchers, names_release=names)


def require_complete(folder: Path, again: str) -> None:
    """Raise SignaturesMissing unless as many keys have signed as release.json asks for."""
    found = read_standing(folder)
    if not found.is_complete:
        raise SignaturesMissing(
            f"{folder} is built and may not leave yet: {found.sentence}",
            hint=f"sign it with `paddock release sign {folder} --key KEY`, also on another machine "
            f"that has a copy, and {again}",
        )


def earlier_signatures(folder: Path) -> dict[str, bytes]:
    """What others may have signed of a release in ``folder``, by path; nothing of it is checked."""
    if not (folder / MANIFEST_NAME).is_file():
        return {}
    found: dict[str, bytes] = {}
    with opened_folder(folder) as folder_fd:
        inside = [p for p in list_folder(folder_fd).files if p.startswith(f"{UPDATES_FOLDER}/")]
        if len(inside) > MAX_UPDATES_FILES:
            raise BadSignature(f"{folder / UPDATES_FOLDER} holds {len(inside)} files")
        for path in (DSSE_NAME, *inside):
            limit_bytes = MAX_ENVELOPE_BYTES if path == DSSE_NAME else MAX_UPDATES_BYTES
            if (raw := _bounded(folder_fd, path, limit_bytes)) is not None:
                found[path] = raw
    return found


def add_signatures(
    folder: Path, signed: Signed, signers: Sequence[Signer], others: Sequence[bytes]
) -> None:
    """Sign the release that was read, and take over ``others``, envelopes about the same one.

    Whatever became of the folder meanwhile, nothing is signed but what was read. Raises NotASigner,
    BadSignature; then nothing is written.
    """
    envelopes = [raw for raw in (signed.envelope, *others) if raw is not None]
    envelope = together(envelopes, signed.statement, signed.vouchers)
    if signers:
        envelope = with_signatures(envelope, signed.statement, signed.vouchers, signers)
    if envelope is not None and envelope != signed.envelope:
        replace_file(folder / DSSE_NAME, envelope)


def add_updates(folder: Path, files: dict[str, bytes]) -> None:
    """Put update metadata beside the release, the timestamp last."""
    for path in sorted(files, key=lambda path: (path.endswith("timestamp.json"), path)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        replace_file(folder / path, files[path])


def _is_named(folder: Path, signed: Signed) -> bool:
    # python-tuf takes a tenth of a second to import: only releases that carry metadata wait for it.
    from paddock.release.signatures.tuf.naming import is_named

    beside = earlier_signatures(folder)
    return is_named(beside, signed.manifest, signed.raw, signed.vouchers.tuf_root)


def _bounded(folder_fd: int, path: str, limit_bytes: int) -> bytes | None:
    """A file's bytes, None where there is none; raises BadSignature for one that is too large."""
    try:
        raw = read_beneath(folder_fd, path, limit_bytes)
    except FileNotFoundError:
        return None
    except OSError as e:
        raise BadSignature(f"{path} cannot be read: {e.strerror or e}") from e
    if len(raw) > limit_bytes:
        raise BadSignature(f"{path} is larger than {limit_bytes} bytes")
    return raw
