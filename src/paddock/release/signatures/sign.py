"""Signs a finished release: the OMS bundle, the second envelope, the update metadata.

Knows what goes beside release.json and in which order; does not know how a release is built. In two
steps, because release.json says who will sign it: ``load_signers`` before release.json is written,
``sign_release`` after. Keys of the second envelope may be elsewhere, and those of the update
metadata: then what is written here is incomplete, and others add to it (``cosigning``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from paddock.digest import sha256_hex
from paddock.release.errors import BadManifest
from paddock.release.files.manifest import (
    DSSE_NAME,
    KEYLESS_NAME,
    MANIFEST_NAME,
    SIGNATURE_NAME,
    UPDATES_FOLDER,
    Manifest,
    parse_manifest,
)
from paddock.release.signatures.cosigning import together
from paddock.release.signatures.keyless import carried_bundle
from paddock.release.signatures.oms import names_outside_signature, sign_files
from paddock.release.signatures.release_statement import ReleaseStatement, render_statement
from paddock.release.signatures.tuf.chain import Chain, root_name
from paddock.release.signatures.tuf.keys import create_role_keys
from paddock.release.signatures.tuf.metadata import Lifetimes
from paddock.release.signatures.tuf.naming import is_named
from paddock.release.signatures.tuf.repository import add_release, create, current
from paddock.release.signatures.tuf.writing import Repository, may_add
from paddock.release.signatures.vouchers import SECTION, Keyless, Vouchers
from paddock.release.spec.sign import Dsse, Sign, Tuf
from paddock.signing.dsse import IN_TOTO, sign_envelope
from paddock.signing.envelope import require_oms_kind
from paddock.signing.errors import BadKey, BadSignature
from paddock.signing.keys import keys_folder, own_signing_key, password_in
from paddock.signing.public_keys import PublicKey, key_fingerprint
from paddock.signing.signers import KeySigner, load_public_alone, load_signer, public_key_of
from paddock.signing.sslib import Signer

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Signers:
    """Everything that will sign one release."""

    oms: Signer
    vouchers: Vouchers  # ``vouchers.to_json()`` is the section ``signatures`` of release.json
    dsse: tuple[Signer, ...] = ()  # those at hand
    tuf: Repository | None = None
    keyless: Callable[[bytes], bytes | None] = lambda release_json: None  # a bundle about it

    earlier: Mapping[str, bytes] = field(default_factory=dict)  # what others signed, by path

    @property
    def fingerprints(self) -> frozenset[str]:
        """Of all keys that sign, here or elsewhere, for whoever must not approve what they sign."""
        return frozenset(self.vouchers.keys)


@dataclass(frozen=True, slots=True)
class Place:
    """Where keys are looked for."""

    base: Path  # the folder of release.yaml
    config_home: Path


def load_signers(
    sign: Sign, place: Place, now: datetime, note: Note = lambda text: None
) -> Signers:
    """The keys that ``sign`` names, else the user's own; makes what is made on first use.

    That is the user's own key, and the folder of update metadata with its keys. Raises BadKey.
    """
    own = keys_folder(place.config_home)
    oms = _oms_signer(sign, place, note)
    keys = dsse_keys(sign.dsse, place.base, own) if sign.dsse is not None else {}
    repository = _repository(sign.tuf, place, now, note) if sign.tuf is not None else None
    keyless = sign.keyless
    vouchers = Vouchers(
        oms=public_key_of(oms),
        dsse=tuple(public for public, _ in keys.values()),
        threshold=sign.dsse.threshold if sign.dsse is not None else 0,
        tuf_root=_first_root(current(repository)) if repository is not None else None,
        keyless=Keyless(keyless.identity, keyless.issuer, keyless.optional) if keyless else None,
    )

    def bundle(release_json: bytes) -> bytes | None:
        return carried_bundle(keyless, place.base, release_json) if keyless else None

    dsse = tuple(signer for _, signer in keys.values() if signer is not None)
    return Signers(oms, vouchers, dsse, repository, bundle)


def sign_release(folder: Path, signers: Signers, now: datetime) -> tuple[str, ...]:
    """Sign the release in ``folder``, whose release.json is written and final.

    release.json must hold ``signers.vouchers.to_json()`` under ``signatures`` and list every other
    file. Writes release.oms.json and, where they are wanted, release.dsse.json and tuf/, anew when
    they are there; returns all their paths. With keys in files the same release gives the same
    bytes, but for ML-DSA, which signs differently each time, and for what tells the time (tuf/).
    Raises BadManifest, BadKey, BadSignature, VersionTaken.
    """
    raw = (folder / MANIFEST_NAME).read_bytes()
    manifest = parse_manifest(raw)
    if manifest.document.get(SECTION) != signers.vouchers.to_json():
        raise BadManifest(f"{MANIFEST_NAME} does not name the keys that sign it")
    made = {SIGNATURE_NAME: _oms_bundle(manifest, raw, signers.oms)}
    if (envelope := _envelope(release_statement(manifest, raw), signers)) is not None:
        made[DSSE_NAME] = envelope
    if (bundle := signers.keyless(raw)) is not None:
        made[KEYLESS_NAME] = bundle
    if signers.tuf is not None:
        made |= _updates(manifest, raw, signers, now)
    for path, content in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        (folder / path).chmod(0o644)
    return tuple(sorted(made))


def _envelope(statement: bytes, signers: Signers) -> bytes | None:
    """The second envelope with the signatures of keys at hand, and those that others made of it."""
    envelopes = [sign_envelope(statement, IN_TOTO, signers.dsse)] if signers.dsse else []
    if (before := signers.earlier.get(DSSE_NAME)) is not None:
        try:
            return together([before, *envelopes], statement, signers.vouchers)
        except BadSignature:
            pass  # about what this release was before, or by keys that sign it no more
    return together(envelopes, statement, signers.vouchers)


def _updates(
    manifest: Manifest, raw: bytes, signers: Signers, now: datetime
) -> Mapping[str, bytes]:
    """The update metadata that names the release; what others made of it, where keys are theirs."""
    assert signers.tuf is not None  # noqa: S101 - the caller looked
    if may_add(signers.tuf):
        return carried(add_release(signers.tuf, manifest.name, manifest.version, raw, now))
    earlier, prefix = signers.earlier, f"{UPDATES_FOLDER}/"
    if not is_named(earlier, manifest, raw, signers.vouchers.tuf_root):
        return {}
    return {path: content for path, content in earlier.items() if path.startswith(prefix)}


def carried(chain: Chain) -> dict[str, bytes]:
    """The files of the update metadata as a release carries them, by path."""
    return {f"{UPDATES_FOLDER}/{name}": content for name, content in chain.files.items()}


def update_repository(tuf: Tuf, place: Place) -> Repository:
    """The folder of update metadata that a release names, and its keys."""
    keys = place.base / Path(tuf.keys).expanduser() if tuf.keys else None
    lifetimes = Lifetimes(tuf.root_days, tuf.targets_days, tuf.snapshot_days, tuf.timestamp_days)
    own = keys_folder(place.config_home) / "tuf"
    return Repository(place.base / tuf.repo, keys if keys is not None else own, lifetimes)


def dsse_keys(dsse: Dsse, base: Path, own: Path) -> dict[str, tuple[PublicKey, Signer | None]]:
    """The keys of the second envelope by fingerprint; no signer for those that sign elsewhere."""
    found: dict[str, tuple[PublicKey, Signer | None]] = {}
    for named in dsse.keys:
        public, signer = load_public_alone(named, base, own), None
        if public is None:
            signer = load_signer(named, base, own)
            public = public_key_of(signer)
        fingerprint = key_fingerprint(public)
        if fingerprint in found:
            raise BadKey(f"sign.dsse.keys: {named} is a key that is named before: {fingerprint}")
        found[fingerprint] = (public, signer)
    return found


def _oms_signer(sign: Sign, place: Place, note: Note) -> Signer:
    if sign.oms is not None:
        signer = load_signer(sign.oms.key, place.base, keys_folder(place.config_home))
        require_oms_kind(signer.public_key.keytype)
        return signer
    key = own_signing_key(place.config_home)
    if key.created:
        note(f"made a signing key for you: {key.path}")
        note(f"give others its public half: {key.public_path}")
    return KeySigner(key.private)


def _repository(tuf: Tuf, place: Place, now: datetime, note: Note) -> Repository:
    repository = update_repository(tuf, place)
    if not repository.exists:
        # One root key more than must sign: one may be lost.
        root_keys = tuf.root_threshold + (1 if tuf.root_threshold > 1 else 0)
        for path in create_role_keys(repository.keys, root_keys, password_in()):
            note(f"made a key of the update metadata: {path}")
        create(repository, tuf.root_threshold, now)
        note(f"made update metadata in {repository.folder}: keep it, and keep root keys elsewhere")
    return repository


def _first_root(chain: Chain) -> str:
    return sha256_hex(chain.files[root_name(1)])


def _oms_bundle(manifest: Manifest, raw: bytes, signer: Signer) -> bytes:
    signed = {file.path: file.sha256 for file in manifest.files}
    signed[MANIFEST_NAME] = sha256_hex(raw)
    for path in names_outside_signature(signed):
        del signed[path]
    return sign_files(manifest.name, signed, SIGNATURE_NAME, signer)


def release_statement(manifest: Manifest, raw: bytes) -> bytes:
    """What the keys of the second envelope sign about this release.json."""
    root = manifest.document["root"]["digest"]
    statement = ReleaseStatement(manifest.name, manifest.version, root, sha256_hex(raw))
    return render_statement(statement)
