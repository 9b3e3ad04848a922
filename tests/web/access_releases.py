"""A signed release as files, and what its owner announced of it: how a stage of it is made."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from paddock.digest import sha256_hex
from paddock.release.files.manifest import MANIFEST_NAME
from paddock.signing.dsse import sign_envelope
from paddock.signing.events.event import PAYLOAD_TYPE, Event, Kind, render_event
from paddock.signing.events.log import Log, extended, render_log
from paddock.signing.signers import KeySigner
from tests.release.signed import write_release

_KEY = ec.generate_private_key(ec.SECP256R1())


def released(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files with their release.json and the signature over them."""
    folder.mkdir()
    write_release(folder, _KEY, files)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def announced(files: dict[str, bytes], kind: Kind) -> bytes:
    """The log of a release of which this was announced."""
    event = Event(
        kind=kind,
        number=1,
        name="tiny",
        version="1.0.0",
        release=sha256_hex(files[MANIFEST_NAME]),
        reason="a test",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    envelope = sign_envelope(render_event(event), PAYLOAD_TYPE, [KeySigner(_KEY)])
    return render_log(extended(Log(), envelope, _KEY.public_key()))
