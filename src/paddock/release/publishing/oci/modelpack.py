"""A release as a CNCF ModelPack: one raw layer for each file, under its own media type.

Pure: the release's files in, the bytes of configuration and manifest out; the same release gives
the same bytes. The manifest carries every path twice, in ModelPack's annotation and in OCI's title,
so that tools which know only one of them write the same folder. Sources: CNCF model-spec v1
(media types, annotations, config schema); OCI image 1.1 (manifest, subject, empty descriptor).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from paddock.release.files.manifest import SIGNATURE_NAME
from paddock.release.publishing.oci.blobs import Blob

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
ARTIFACT_TYPE = "application/vnd.cncf.model.manifest.v1+json"
CONFIG_TYPE = "application/vnd.cncf.model.config.v1+json"
SIGNATURE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
EMPTY = Blob.of(b"{}")
PATH_KEY = "org.cncf.model.filepath"
TITLE_KEY = "org.opencontainers.image.title"

_LAYER = "application/vnd.cncf.model.{}.v1.raw"
_FAMILY_OF_ROLE = {
    "weights": "weight", "config": "weight.config", "tokenizer": "weight.config",
    "chat_template": "weight.config", "code": "code", "dataset": "dataset",
}  # fmt: skip
_DATA_COMPONENTS = frozenset({"Datasets", "Evaluation data"})


class PackedFile(NamedTuple):
    """A file of the release and what it is for."""

    path: str
    role: str
    blob: Blob
    component: str | None = None

    @property
    def media_type(self) -> str:
        """Which layer of a ModelPack it is; documents are what nothing else is."""
        if self.component in _DATA_COMPONENTS:
            return _LAYER.format("dataset")
        if self.path.endswith(".gguf"):
            return _LAYER.format("weight")
        return _LAYER.format(_FAMILY_OF_ROLE.get(self.role, "doc"))


def render_config(about: Mapping[str, Any], files: Sequence[PackedFile]) -> bytes:
    """ModelPack's configuration; ``about`` has ``descriptor`` and ``config`` of what is known."""
    diff_ids = [file.blob.digest for file in files]  # raw layers: the content itself
    return render_json({**about, "modelfs": {"type": "layers", "diffIds": diff_ids}})


def render_manifest(
    config: Blob, files: Sequence[PackedFile], annotations: Mapping[str, str]
) -> bytes:
    """The manifest that a tag will name."""
    return render_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "config": descriptor(config, CONFIG_TYPE),
            "layers": [layer_of(file) for file in files],
            "annotations": dict(annotations),
        }
    )


def layer_of(file: PackedFile) -> dict[str, Any]:
    """A file as a manifest lists it."""
    return {
        **descriptor(file.blob, file.media_type),
        "annotations": {PATH_KEY: file.path, TITLE_KEY: file.path},
    }


def with_layers(
    manifest: Mapping[str, Any], config: Blob, layers: Sequence[Mapping[str, Any]]
) -> bytes:
    """The same manifest with other layers, which the configuration lists."""
    described = descriptor(config, CONFIG_TYPE)
    return render_json({**manifest, "config": described, "layers": list(layers)})


def render_referrer(subject: Blob, bundle: Blob) -> bytes:
    """The manifest by which the signature refers to the release."""
    return render_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": SIGNATURE_TYPE,
            "config": descriptor(EMPTY, EMPTY_TYPE),
            "layers": [
                {
                    **descriptor(bundle, SIGNATURE_TYPE),
                    "annotations": {TITLE_KEY: SIGNATURE_NAME},
                }
            ],
            "subject": descriptor(subject, MANIFEST_TYPE),
        }
    )


def render_index(known: Sequence[Mapping[str, Any]], referrer: Blob) -> bytes:
    """The index that registries without the referrers API keep under a tag of the digest."""
    added = {**descriptor(referrer, MANIFEST_TYPE), "artifactType": SIGNATURE_TYPE}
    others = [dict(row) for row in known if row.get("digest") != added["digest"]]
    rows = sorted([*others, added], key=lambda row: str(row.get("digest")))
    return render_json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": rows})


def descriptor(blob: Blob, media_type: str) -> dict[str, Any]:
    """OCI's descriptor of a blob."""
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size_bytes}


def render_json(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document: the same for the same document."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
