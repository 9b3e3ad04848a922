"""Signs a finished release: the OMS bundle, the second envelope, the update metadata.

Knows what goes beside release.json and in which order; does not know how a release is built. In two
steps, because release.json says who will sign it: ``load_signers`` before release.json is written,
``sign_release`` after.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
from paddock.release.signatures.keyless import carried_bundle
from paddock.release.signatures.oms import names_outside_signature, sign_files
from paddock.release.signatures.release_statement import ReleaseStatement, render_statement
from paddock.release.signatures.tuf.chain import Chain, root_name
from paddock.release.signatures.tuf.keys import create_role_keys
from paddock.release.signatures.tuf.metadata import Lifetimes
from paddock.release.signatures.tuf.repository import add_release, create, current
from paddock.release.signatures.tuf.writing import Repository
from paddock.release.signatures.vouchers import SECTION, Keyless, Vouchers
from paddock.release.spec.sign import Sign, Tuf
from paddock.signing.dsse import IN_TOTO, sign_envelope
from paddock.signing.keys import keys_folder, own_signing_key, password_in
from paddock.signing.signers import KeySigner, load_signer, public_key_of
from paddock.signing.sslib import Signer

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Signers:
    """Everything that will sign one release."""

    oms: Signer
    vouchers: Vouchers  # ``vouchers.to_json()`` is the section ``signatures`` of release.json
    dsse: tuple[Signer, ...] = ()
    tuf: Repository | None = None
    keyless: Callable[[bytes], bytes | None] = lambda release_json: None  # a bundle about it

    @property
    def fingerprints(self) -> frozenset[str]:
        """Of all keys that sign, for whoever must not approve what they sign."""
        return frozenset(signer.public_key.keyid for signer in (self.oms, *self.dsse))


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
    dsse: tuple[Signer, ...] = ()
    if sign.dsse is not None:
        dsse = tuple(load_signer(key, place.base, own) for key in sign.dsse.keys)
    repository = _repository(sign.tuf, place, now, note) if sign.tuf is not None else None
    keyless = sign.keyless
    vouchers = Vouchers(
        oms=public_key_of(oms),
        dsse=tuple(public_key_of(signer) for signer in dsse),
        threshold=sign.dsse.threshold if sign.dsse is not None else 0,
        tuf_root=_first_root(current(repository)) if repository is not None else None,
        keyless=Keyless(keyless.identity, keyless.issuer, keyless.optional) if keyless else None,
    )

    def bundle(release_json: bytes) -> bytes | None:
        return carried_bundle(keyless, place.base, release_json) if keyless else None

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
    if signers.dsse:
        made[DSSE_NAME] = sign_envelope(_statement(manifest, raw), IN_TOTO, signers.dsse)
    if (bundle := signers.keyless(raw)) is not None:
        made[KEYLESS_NAME] = bundle
    if signers.tuf is not None:
        chain = add_release(signers.tuf, manifest.name, manifest.version, raw, now)
        made |= carried(chain)
    for path, content in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        (folder / path).chmod(0o644)
    return tuple(sorted(made))


def carried(chain: Chain) -> dict[str, bytes]:
    """The files of the update metadata as a release carries them, by path."""
    return {f"{UPDATES_FOLDER}/{name}": content for name, content in chain.files.items()}


def update_repository(tuf: Tuf, place: Place) -> Repository:
    """The folder of update metadata that a release names, and its keys."""
    keys = place.base / Path(tuf.keys).expanduser() if tuf.keys else None
    lifetimes = Lifetimes(tuf.root_days, tuf.targets_days, tuf.snapshot_days, tuf.timestamp_days)
    own = keys_folder(place.config_home) / "tuf"
    return Repository(place.base / tuf.repo, keys if keys is not None else own, lifetimes)


def _oms_signer(sign: Sign, place: Place, note: Note) -> Signer:
    if sign.oms is not None:
        return load_signer(sign.oms.key, place.base, keys_folder(place.config_home))
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


def _statement(manifest: Manifest, raw: bytes) -> bytes:
    root = manifest.document["root"]["digest"]
    statement = ReleaseStatement(manifest.name, manifest.version, root, sha256_hex(raw))
    return render_statement(statement)
