"""withheld.json: what a release keeps back, why, until when, replaced how, and committed to how.

Pure, canonical JSON (RFC 8785): the same withheld parts give the same bytes. Names and shapes are
there, sizes and digests of withheld files are not: what is small could be guessed from them.
"""

from __future__ import annotations

from typing import Any

import rfc8785

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.digest import is_sha256
from paddock.errors import shown
from paddock.release.errors import BadProof
from paddock.release.withholding.commitments import ALGORITHM
from paddock.release.withholding.withheld import Item, Withheld, WithheldTensor

WITHHELD_NAME = "withheld.json"
FORMAT = "paddock/withheld/v1"
MAX_BYTES = 64 << 20


def render_withheld(withheld: Withheld, name: str, version: str) -> bytes:
    """The file as it stands in the release."""
    return rfc8785.dumps(
        {
            "format": FORMAT,
            "release": {"name": name, "version": version},
            "commitments": {
                "algorithm": ALGORITHM,
                "meaning": "SHA-256(salt of 32 bytes || SHA-256(canonical JSON of the manifest))",
            },
            "items": [_item(withheld, item) for item in withheld.items],
            "config_changes": [
                {"key": c.key, "before": c.before, "after": c.after}
                for c in withheld.config_changes
            ],
        }
    )


def parse_commitments(raw: bytes) -> tuple[str, str, dict[str, str]]:
    """Name and version of the release, and each item's commitment; raises BadProof."""
    try:
        document = parse_object(raw, WITHHELD_NAME, BadCheckpoint)
    except BadCheckpoint as e:
        raise BadProof(e.message) from e
    if document.get("format") != FORMAT:
        raise BadProof(f"{WITHHELD_NAME} has the format {shown(document.get('format'))}")
    release, items = document.get("release"), document.get("items")
    if not isinstance(release, dict) or not isinstance(items, list):
        raise BadProof(f"{WITHHELD_NAME} lists no items")
    name, version = release.get("name"), release.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise BadProof(f"{WITHHELD_NAME} names no release")
    found: dict[str, str] = {}
    for item in items:
        item_id = item.get("id") if isinstance(item, dict) else None
        if not isinstance(item_id, str) or item_id in found:
            raise BadProof(f"{WITHHELD_NAME} has the item {shown(item_id)} twice or without an id")
        commitment = item.get("commitment")
        if commitment is None:
            continue
        commitment = commitment if isinstance(commitment, dict) else {}
        value, algorithm = commitment.get("value"), commitment.get("alg")
        if not isinstance(value, str) or not is_sha256(value) or algorithm != ALGORITHM:
            raise BadProof(f"the commitment of {shown(item_id)} is not a salted SHA-256")
        found[item_id] = value
    return name, version, found


def _item(withheld: Withheld, item: Item) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": item.id,
        "component": item.component,
        "rule": item.rule,
        "reason": item.reason,
        "review_date": item.review_date.isoformat() if item.review_date else None,
        "replace": item.replace,
        "replaced_how": item.replaced_how,
        "tensors": [_tensor(tensor) for tensor in withheld.tensors if tensor.item == item.id],
        "files": [file.path for file in withheld.files if file.item == item.id],
        "fields": [
            {"path": each.path, "field": each.field}
            for each in withheld.fields
            if each.item == item.id
        ],
        "commitment": None,
    }
    if item.commitment is not None:
        origin = "declared" if item.declared else "measured"
        row["commitment"] = {"alg": ALGORITHM, "value": item.commitment, "source": origin}
    return row


def _tensor(tensor: WithheldTensor) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "released_as": tensor.released_as,
    }
    if tensor.rows is not None:
        row["rows"] = list(tensor.rows)
    if tensor.seed is not None:
        # As text: a seed may be larger than what JSON keeps exactly.
        row["seed"] = str(tensor.seed)
    return row
