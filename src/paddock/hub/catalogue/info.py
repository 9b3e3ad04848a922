"""What the API tells of a repository, field by field.

Pure: a ``View`` in, JSON out (hub protocol 4.1). The table at the end is the whole vocabulary of
``expand``: a name that is not in it is refused with the list of those that are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paddock import clock
from paddock.errors import BadInput, shown
from paddock.hub.catalogue.links import used_by
from paddock.hub.types import FileEntry, Kind, Repository


@dataclass(frozen=True, slots=True)
class View:
    """A repository at a revision, with as much of it as the answer needs."""

    repo: Repository
    sha: str | None
    paths: Sequence[str] = ()
    files: Sequence[FileEntry] = ()  # the same, with sizes, where those were asked for
    safetensors: dict[str, object] | None = None
    children: int = 0
    spaces: Sequence[str] = ()
    resource_group: dict[str, Any] | None = None
    runtime: dict[str, Any] | None = None  # of a space

    @property
    def card(self) -> dict[str, Any]:
        return self.repo.card or {}

    @property
    def facts(self) -> dict[str, Any]:
        return self.repo.facts or {}


Field = Callable[[View], Any]


def render(view: View, fields: Sequence[str]) -> dict[str, Any]:
    """The named fields, and always the ids."""
    table = FIELDS[view.repo.kind]
    answer = {"_id": view.repo.public_id, "id": view.repo.full_name}
    return answer | {name: table[name](view) for name in fields}


def check_fields(kind: Kind, asked: Sequence[str]) -> list[str]:
    """The fields that ``expand`` names; raises BadInput with the names there are."""
    allowed = FIELDS[kind]
    for position, name in enumerate(asked):
        if name not in allowed or name == "modelId":
            choice = "|".join(f'"{field}"' for field in sorted(allowed) if field != "modelId")
            raise BadInput(
                f"Invalid option {shown(name)}: expected one of {choice}, at expand[{position}]"
            )
    return list(dict.fromkeys(asked))


def default_fields(kind: Kind) -> list[str]:
    """What the answer about one repository holds when ``expand`` does not choose."""
    return [*_LISTED[kind], *_DETAILS[kind]]


def listed_fields(kind: Kind) -> list[str]:
    """What an item of a listing holds when nothing more is asked for."""
    return list(_LISTED[kind])


def needs_more_rows(fields: Sequence[str]) -> bool:
    """Whether a field tells of more than the repository's own row, which costs time for each."""
    return not _FROM_MORE_ROWS.isdisjoint(fields)


def needs_card(fields: Sequence[str]) -> bool:
    """Whether a field is read from the card, which can be long."""
    return not _FROM_CARD.isdisjoint(fields)


def _siblings(view: View) -> list[dict[str, Any]]:
    if view.files:
        return [_sibling(entry) for entry in view.files]
    return [{"rfilename": path} for path in view.paths]


def _sibling(entry: FileEntry) -> dict[str, Any]:
    sibling: dict[str, Any] = {
        "rfilename": entry.path,
        "size": entry.size_bytes,
        "blobId": entry.oid,
    }
    if entry.large:
        sibling["lfs"] = {
            "sha256": entry.large.sha256,
            "size": entry.large.size_bytes,
            "pointerSize": entry.large.pointer_bytes,
        }
    return sibling


def _gguf(view: View) -> dict[str, Any] | None:
    size_bytes = view.facts.get("gguf_bytes")
    return {"totalFileSize": size_bytes} if size_bytes else None


def _constant(value: Any) -> Field:
    return lambda _view: value


def _fact(name: str) -> Field:
    return lambda view: view.facts.get(name)


def _from_card(name: str) -> Field:
    return lambda view: view.card.get(name)


_COMMON: dict[str, Field] = {
    "author": lambda view: view.repo.namespace,
    "cardData": lambda view: view.repo.card,
    "createdAt": lambda view: clock.to_text(view.repo.created_at),
    "disabled": _constant(False),
    "downloads": lambda view: view.repo.downloads,
    "downloadsAllTime": lambda view: view.repo.downloads_all_time,
    "gated": lambda view: view.repo.gated or False,  # never null: clients test its type
    "gitalyUid": _constant(None),
    "lastModified": lambda view: clock.to_text(view.repo.updated_at),
    "likes": lambda view: view.repo.likes,
    "private": lambda view: view.repo.is_private,
    "resourceGroup": lambda view: view.resource_group,
    "sha": lambda view: view.sha,
    "siblings": _siblings,
    "tags": lambda view: view.facts.get("tags", []),
    "trendingScore": lambda view: view.repo.trending,
    "usedStorage": lambda view: view.facts.get("used_storage", 0),
    "xetEnabled": _constant(True),
}
_MODEL: dict[str, Field] = {
    "baseModels": _fact("base_models"),
    "childrenModelCount": lambda view: view.children,
    "config": _fact("config"),
    "evalResults": _constant(None),
    "gguf": _gguf,
    "inference": _constant(None),
    "inferenceProviderMapping": _constant(None),
    "library_name": _fact("library_name"),
    "mask_token": _fact("mask_token"),
    "model-index": _from_card("model-index"),
    "modelId": lambda view: view.repo.full_name,
    "pipeline_tag": _fact("pipeline_tag"),
    "safetensors": lambda view: view.safetensors,
    "spaces": lambda view: list(view.spaces),
    "transformersInfo": _fact("transformers_info"),
    "widgetData": _from_card("widget"),
}
_DATASET: dict[str, Field] = {
    "citation": _constant(None),
    "description": _constant(None),
    "mainSize": _constant(None),
    "paperswithcode_id": _from_card("paperswithcode_id"),
}
_SPACE: dict[str, Field] = {
    "datasets": lambda view: used_by(view.card, Kind.DATASET),
    "models": lambda view: used_by(view.card, Kind.MODEL),
    "region": _constant(None),
    "runtime": lambda view: view.runtime,
    "sdk": lambda view: view.repo.sdk,
    "subdomain": lambda view: view.repo.full_name.lower().replace("/", "-").replace(".", "-"),
}
FIELDS: dict[Kind, dict[str, Field]] = {
    Kind.MODEL: _COMMON | _MODEL,
    Kind.DATASET: _COMMON | _DATASET,
    Kind.SPACE: _COMMON | _SPACE,
    Kind.KERNEL: _COMMON,
}
_FROM_MORE_ROWS = {
    "siblings", "safetensors", "childrenModelCount", "spaces", "resourceGroup", "runtime",
}  # fmt: skip
_FROM_CARD = {"cardData", "model-index", "widgetData", "paperswithcode_id", "models", "datasets"}

_SUMMARY = (
    "author", "sha", "lastModified", "createdAt", "private", "gated", "disabled", "downloads",
    "likes", "trendingScore", "tags",
)  # fmt: skip
_LISTED: dict[Kind, tuple[str, ...]] = {
    Kind.MODEL: (*_SUMMARY, "modelId", "pipeline_tag", "library_name"),
    Kind.DATASET: _SUMMARY,
    Kind.SPACE: (*_SUMMARY, "sdk"),
    Kind.KERNEL: _SUMMARY,
}
_DETAILS: dict[Kind, tuple[str, ...]] = {
    Kind.MODEL: (
        "cardData", "config", "transformersInfo", "model-index", "widgetData", "siblings",
        "spaces", "safetensors", "gguf", "usedStorage", "xetEnabled",
    ),
    Kind.DATASET: (
        "cardData", "description", "citation", "paperswithcode_id", "mainSize", "siblings",
        "usedStorage", "xetEnabled",
    ),
    Kind.SPACE: (
        "cardData", "subdomain", "runtime", "models", "datasets", "siblings", "usedStorage",
        "xetEnabled",
    ),
    Kind.KERNEL: ("cardData", "siblings", "usedStorage", "xetEnabled"),
}  # fmt: skip
