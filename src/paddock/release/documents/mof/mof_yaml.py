"""mof.yaml: the release as the Model Openness Framework's own tool reads it.

Only components that everybody can have are listed, because the tool counts whatever is listed.
"""

from __future__ import annotations

from typing import Any

import yaml

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.mof.assessment import Row, assess
from paddock.release.documents.mof.framework import DATE, NAME, VERSION

_TYPES = ("language", "vision", "image", "audio", "video", "3d", "code", "multimodal")
_ARCHITECTURES = (
    "transformer", "transformer decoder", "transformer encoder-decoder", "decoder", "encoder",
    "diffusion", "RNN", "CNN", "LSTM", "NeRF", "hybrid", "undisclosed", "other",
)  # fmt: skip
_TREATMENTS = ("pre-trained", "instruct fine-tuned", "chat fine-tuned")


def render_mof_yaml(content: DocumentContent) -> bytes:
    """The file, with our computed class in a comment above it."""
    found = assess(content.spec)
    document = {
        "framework": {"name": NAME, "version": VERSION, "date": DATE},
        "release": _release(content, found.rows),
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)
    head = f"# Computed: {found.in_words}. Gated and withheld components are not listed.\n"
    return (head + text).encode()


def _release(content: DocumentContent, rows: tuple[Row, ...]) -> dict[str, Any]:
    metadata, licenses = content.spec.metadata, content.spec.licenses
    producer = metadata.producer
    parents = [parent.id for parent in content.spec.lineage.base_model]
    terms = {
        kind: {"name": name, "path": _licence_path(content)}
        for kind, name in (
            ("distribution", content.value("release.licence")),
            ("code", licenses.code),
            ("data", licenses.data),
            ("document", licenses.document),
        )
        if name
    }
    measured = content.facts["model.architecture"].source == "measured"
    architecture = metadata.architecture or ("transformer decoder" if measured else "")
    release: dict[str, Any] = {
        "name": metadata.name,
        "version": metadata.version,
        "date": str(metadata.date) if metadata.date else None,
        "license": terms,
        "type": _one_of(metadata.type, _TYPES) or "other",
        "architecture": _one_of(architecture, _ARCHITECTURES) or "other",
        "treatment": _one_of(metadata.treatment, _TREATMENTS),
        "origin": ", ".join(parents) or metadata.name,
        "producer": producer.name if producer else "",
        "contact": (producer.contact or "") if producer else "",
        "components": [_component(content, row) for row in rows if row.access == "open"],
    }
    return {key: value for key, value in release.items() if value is not None}


def _component(content: DocumentContent, row: Row) -> dict[str, str]:
    declared = content.spec.component(row.name)
    paths = [file.path for file in content.files if file.component == row.name]
    written = {
        "name": row.name,
        "description": (declared.description if declared else None) or row.name,
        "license": row.licence,
        "license_path": _licence_path(content) if row.licence else None,
        "component_path": ", ".join(paths[:20]) or None,
    }
    return {key: value for key, value in written.items() if value}


def _licence_path(content: DocumentContent) -> str:
    return next((file.path for file in content.files if file.role == "license"), "")


def _one_of(text: str | None, allowed: tuple[str, ...]) -> str | None:
    """The schema's own spelling of a word, or None."""
    return next((word for word in allowed if text and word.lower() == text.strip().lower()), None)
