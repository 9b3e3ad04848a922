"""A small signed release, built from the public parts of the room, for tests to attack."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from paddock.digest import digest_stream
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    ReleaseFile,
    render_manifest,
)
from paddock.release.signatures.oms import names_outside_signature, sign_files
from paddock.release.signatures.sign import Place, load_signers, sign_release
from paddock.release.spec.sign import Sign
from paddock.signing.keys import TrustedKey
from paddock.signing.public_keys import public_pem

FILES = {
    ".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
    "README.md": b"# tiny\n",
    "config.json": b'{"model_type":"llama"}',
    "model.safetensors": bytes(range(256)) * 40,
    "original/params.json": b"{}",
}


def write_release(
    folder: Path, key: ec.EllipticCurvePrivateKey, files: dict[str, bytes] | None = None
) -> Path:
    """The files, their release.json and the signature over them."""
    files = FILES if files is None else files
    rows = []
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        size_bytes, sha256, blake3 = digest_stream([content])
        rows.append(ReleaseFile(path, "other", None, size_bytes, sha256, blake3))
    return sign_by_hand(folder, key, rows)


def sign_by_hand(folder: Path, key: ec.EllipticCurvePrivateKey, rows: list[ReleaseFile]) -> Path:
    manifest = render_manifest({"name": "tiny", "version": "1.0.0"}, rows)
    (folder / MANIFEST_NAME).write_bytes(manifest)
    outside = names_outside_signature(row.path for row in rows)
    signed = {row.path: row.sha256 for row in rows if row.path not in outside}
    signed[MANIFEST_NAME] = digest_stream([manifest]).sha256
    (folder / SIGNATURE_NAME).write_bytes(sign_files("tiny", signed, SIGNATURE_NAME, key))
    return folder


def trust(key: ec.EllipticCurvePrivateKey) -> list[TrustedKey]:
    return [TrustedKey(key.public_key(), "test")]


def write_keys(folder: Path, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    """Private and public PEM files."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private, public = folder / "key.pem", folder / "key.pub.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    public.write_bytes(public_pem(key.public_key()))
    return private, public


def write_vouched(
    folder: Path,
    sign: Sign,
    place: Place,
    now: datetime,
    files: dict[str, bytes] | None = None,
    *,
    name: str = "tiny",
    version: str = "1.0.0",
) -> Path:
    """A release that release.json says the signers of, signed by all of them."""
    signers = load_signers(sign, place, now)
    rows = []
    for path, content in (FILES if files is None else files).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        role = "weights" if path.endswith(".safetensors") else "other"
        rows.append(ReleaseFile(path, role, None, *digest_stream([content])))
    document = {"name": name, "version": version, "signatures": signers.vouchers.to_json()}
    (folder / MANIFEST_NAME).write_bytes(render_manifest(document, rows))
    sign_release(folder, signers, now)
    return folder
