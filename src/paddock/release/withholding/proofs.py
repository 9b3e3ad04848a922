"""Showing later what was withheld: one item's salt and manifest, against its commitment.

A proof reveals the names and digests of one item's parts and nothing of the others: every salt is
of its own. Whoever has the release checks it; whoever has the content, too, checks that. Proofs
come from strangers and are read with the same suspicion as any file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.opening import LAYOUTS, locate, read_layout, read_model
from paddock.checkpoint.strict_json import parse_object, read_small
from paddock.checkpoint.tensors import Tensor
from paddock.errors import PaddockError, shown
from paddock.release.errors import BadManifest, BadProof
from paddock.release.files.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, parse_manifest
from paddock.release.files.paths import path_problem
from paddock.release.files.reading import digest_beneath, opened_folder
from paddock.release.withholding.commitments import MANIFEST_FORMAT, commitment, manifest_root
from paddock.release.withholding.data_fields import FIELD_READERS, Wanted, suffix_of, without_fields
from paddock.release.withholding.parts import tensor_part
from paddock.release.withholding.rendering import MAX_BYTES, WITHHELD_NAME, parse_commitments
from paddock.release.withholding.secret import SALT_BYTES

FORMAT = "paddock/withholding-proof/v1"
_KEYS = {"format", "release", "item", "salt", "manifest"}


@dataclass(frozen=True, slots=True)
class Proof:
    """What opens one commitment."""

    name: str
    version: str
    item: str
    salt: bytes
    manifest: Mapping[str, Any]

    @property
    def commitment(self) -> str:
        """What the release must say for it."""
        return commitment(self.salt, manifest_root(dict(self.manifest)))


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome: whether the proof opens the release's commitment, and what fits it."""

    proof: Proof
    problems: tuple[str, ...]
    in_manifest: bool  # withheld.json is one of the files of release.json
    parts: int
    compared: int  # parts whose content was given, and is the committed one

    @property
    def holds(self) -> bool:
        return not self.problems


def render_proof(proof: Proof) -> bytes:
    """The file that is handed out."""
    return rfc8785.dumps(
        {
            "format": FORMAT,
            "release": {"name": proof.name, "version": proof.version},
            "item": proof.item,
            "salt": proof.salt.hex(),
            "manifest": dict(proof.manifest),
        }
    )


def parse_proof(raw: bytes) -> Proof:
    """The proof in ``raw``; raises BadProof."""
    try:
        document = parse_object(raw, "the proof", BadCheckpoint)
        release, salt = document.get("release"), bytes.fromhex(str(document.get("salt")))
    except (BadCheckpoint, ValueError) as e:
        raise BadProof(f"this is no proof: {e}") from e
    manifest = document.get("manifest")
    if document.get("format") != FORMAT or set(document) != _KEYS:
        raise BadProof(f"the proof has the format {shown(document.get('format'))}")
    if not isinstance(release, dict) or not isinstance(manifest, dict):
        raise BadProof("the proof names no release, or has no manifest")
    texts = [release.get("name"), release.get("version"), document["item"]]
    name, version, item = (text if isinstance(text, str) else "" for text in texts)
    if not (name and version and item) or len(salt) != SALT_BYTES:
        raise BadProof("the proof has no name, version, item or salt of 32 bytes")
    _check_manifest(manifest)
    return Proof(name, version, item, salt, manifest)


def load_proof(path: Path) -> Proof:
    """The proof in a file; raises BadProof."""
    try:
        return parse_proof(read_small(path, BadCheckpoint, MAX_BYTES))
    except BadCheckpoint as e:
        raise BadProof(e.message) from e


def check_proof(proof: Proof, release: Path, content: Path | None = None) -> Checked:
    """Compare a proof with a release's folder, and with the withheld content where it is given."""
    raw = _withheld_file(release)
    name, version, known = parse_commitments(raw)
    problems = []
    if (name, version) != (proof.name, proof.version):
        problems.append(
            f"the proof is for {proof.name} {proof.version}, the release is {name} {version}"
        )
    if proof.item not in known:
        problems.append(f"the release commits to no item {shown(proof.item)}")
    elif known[proof.item] != proof.commitment:
        problems.append(f"the proof does not open the commitment of {proof.item}")
    listed = _is_listed(release, raw, problems)
    parts, compared = proof.manifest["parts"], 0
    if content is not None and not problems:
        tensors = _tensors(content)
        found = [_part_problem(content, row, tensors) for row in parts]
        problems += [problem for problem in found if problem is not None]
        compared = found.count(None)
    return Checked(proof, tuple(problems), listed, len(parts), compared)


def _check_manifest(manifest: dict[str, Any]) -> None:
    parts = manifest.get("parts")
    if manifest.get("format") != MANIFEST_FORMAT or not isinstance(parts, list):
        raise BadProof("the proof's manifest lists no parts")
    for row in parts:
        known = isinstance(row, dict) and row.get("kind") in {"tensor", "file", "field"}
        if not known or not isinstance(row.get("name"), str):
            raise BadProof(f"a part of the proof's manifest is {row!r:.80}")
    try:
        rfc8785.dumps(manifest)
    except (rfc8785.CanonicalizationError, RecursionError) as e:
        raise BadProof(f"the proof's manifest has no canonical form: {e}") from e


def _withheld_file(release: Path) -> bytes:
    path = release / WITHHELD_NAME if release.is_dir() else release
    try:
        return read_small(path, BadCheckpoint, MAX_BYTES)
    except BadCheckpoint as e:
        raise BadProof(e.message, hint="give the folder of the release") from e


def _is_listed(release: Path, raw: bytes, problems: list[str]) -> bool:
    """Whether release.json, where it is there, stands for this very file."""
    if not (release / MANIFEST_NAME).is_file():
        return False
    try:
        manifest = parse_manifest(
            read_small(release / MANIFEST_NAME, BadCheckpoint, MAX_MANIFEST_BYTES)
        )
    except (BadManifest, BadCheckpoint) as e:
        problems.append(e.message)
        return False
    digest = hashlib.sha256(raw).hexdigest()
    listed = any(f.path == WITHHELD_NAME and f.sha256 == digest for f in manifest.files)
    if not listed:
        problems.append(f"{MANIFEST_NAME} does not list this {WITHHELD_NAME}")
    return listed


def _tensors(content: Path) -> dict[str, Tensor]:
    try:
        location = locate(content)
        is_layout = location.format in LAYOUTS
        tensors = read_layout(location) if is_layout else read_model(location)[1]
    except BadCheckpoint:
        return {}
    return {tensor.name: tensor for tensor in tensors}


def _part_problem(content: Path, row: dict[str, Any], tensors: dict[str, Tensor]) -> str | None:
    """Why the content is not what was committed to, or None."""
    name, kind = row["name"], row["kind"]
    try:
        found = _measured(content, row, tensors)
    except (OSError, PaddockError) as e:
        return f"{shown(name)} cannot be read: {e}"
    if found is None:
        return f"{kind} {shown(name)} is not in the content"
    return None if found == row.get("sha256") else f"{shown(name)} is not what was committed to"


def _measured(content: Path, row: dict[str, Any], tensors: dict[str, Tensor]) -> str | None:
    name = row["name"]
    if row["kind"] == "tensor":
        tensor = tensors.get(name)
        if tensor is None:
            return None
        rows = row.get("rows")
        same = row.get("dtype") == tensor.dtype and row.get("shape") == list(tensor.shape)
        if rows is not None and not _are_rows(rows, tensor):
            return None
        return tensor_part(tensor, rows and tuple(rows)).sha256 if same else ""
    path, mark, field = name.partition("#")
    if path_problem(path) or not (content / path).is_file():
        return None
    if row["kind"] == "file":
        with opened_folder(content) as root_fd:
            return digest_beneath(root_fd, name).sha256
    if not mark or suffix_of(path) not in FIELD_READERS:
        return None
    wanted = Wanted(field, "drop")
    without_fields(content / path, lambda _: None, [wanted])
    return str(wanted.lost.digest.hexdigest())


def _are_rows(rows: object, tensor: Tensor) -> bool:
    """Rows that the tensor has, in order."""
    return (
        isinstance(rows, list)
        and bool(rows)
        and all(type(row) is int for row in rows)
        and rows == sorted(set(rows))
        and rows[0] >= 0
        and bool(tensor.shape)
        and rows[-1] < tensor.shape[0]
    )
