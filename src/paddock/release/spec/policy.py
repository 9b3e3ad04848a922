"""The sections of release.yaml that say who may read, who signs and where it goes.

Pure reading, like ``spec_reader``, which calls it.
"""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from paddock.release.files.paths import path_problem
from paddock.release.spec.values import (
    Access,
    Destination,
    FolderDestination,
    GatedField,
    HubDestination,
    Mechanism,
    Stage,
)
from paddock.release.spec.yaml_fields import Fields, Place, as_text
from paddock.release.spec.yaml_tree import Node
from paddock.release.target import is_repo_id

_STAGES = ("internal", "trusted", "gated", "open")
_LATER_STAGES = ("deprecated", "revoked")
_MECHANISMS = ("none", "clickthrough", "registration", "manual")
_TEXTS = (
    "extra_gated_prompt", "extra_gated_heading", "extra_gated_description",
    "extra_gated_button_content",
)  # fmt: skip
_FIELD_KINDS = ("text", "checkbox", "date_picker", "country", "select")


def read_access(node: Node | None, metadata: Node, top: Place) -> Access:
    """Stage and mechanism; one implies the other, and they must agree."""
    stage = _stage(metadata, top.inside("metadata"))
    place = top.inside("access")
    implied: Mechanism = "clickthrough" if stage == "gated" else "none"
    if node is None:
        return Access(stage or "open", implied, is_declared=stage is not None)
    fields = Fields(
        node, place, ("mechanism", "extra_gated_fields", *_TEXTS), ("retention_days", "terms")
    )
    mechanism = cast(Mechanism, fields.choice("mechanism", _MECHANISMS) or implied)
    stage = stage or ("open" if mechanism == "none" else "gated")
    if (stage == "gated") != (mechanism != "none"):
        raise fields.bad("mechanism", f"{mechanism!r} does not go with metadata.stage {stage!r}")
    texts = tuple((key, text) for key in _TEXTS if (text := fields.text(key)) is not None)
    questions = tuple(
        _question(label, item, place.inside("extra_gated_fields"))
        for label, item in fields.pairs("extra_gated_fields")
    )
    if mechanism == "none" and (texts or questions):
        raise fields.bad("mechanism", "gated texts and fields need a mechanism", "clickthrough")
    return Access(stage, mechanism, texts, questions, is_declared=True)


def _stage(metadata: Node, place: Place) -> Stage | None:
    node = metadata.value.get("stage") if isinstance(metadata.value, dict) else None
    if node is None or node.value is None:
        return None
    stage = as_text(node, place.inside("stage"))
    if stage in _LATER_STAGES:
        raise place.bad(node.line, f"metadata.stage: {stage!r} is not supported yet")
    if stage not in _STAGES:
        raise place.bad(node.line, f"metadata.stage: {stage!r} is not one of {', '.join(_STAGES)}")
    return cast(Stage, stage)


def _question(label: str, node: Node, place: Place) -> GatedField:
    if not label.strip() or len(label) > 200:
        raise place.bad(node.line, f"{place.path}: a question has 1 to 200 characters")
    if not isinstance(node.value, dict):
        kind, options = as_text(node, place.inside(label)), tuple[str, ...]()
        fields = Fields(Node({"type": node}, node.line), place.inside(label), ("type",))
    else:
        fields = Fields(node, place.inside(label), ("type", "options"))
        kind, options = fields.required_text("type"), fields.texts("options")
    fields.choice("type", _FIELD_KINDS)
    if (kind == "select") != bool(options):
        raise fields.bad("type", "a select, and only a select, has options")
    return GatedField(label, kind, options)


def read_sign(node: Node | None, place: Place) -> str | None:
    """The path of the OMS signing key, when one is named."""
    if node is None:
        return None
    fields = Fields(node, place, ("oms",), ("dsse", "keyless", "tuf"))
    oms = fields.node("oms")
    if oms is None:
        return None
    key_fields = Fields(oms, place.inside("oms"), ("key",))
    key = key_fields.required_text("key")
    if "://" in key:
        raise key_fields.bad("key", f"{key[:80]!r}: keys outside a file are not supported yet")
    return key


def read_publish(top: Fields, access: Access) -> tuple[Destination, ...]:
    """Where the release goes; a single mapping counts as a list of one."""
    place = top.place.inside("publish")
    node = top.node("publish")
    items = [node] if node is not None and isinstance(node.value, dict) else top.items("publish")
    destinations = tuple(_destination(item, place, access) for item in items)
    if len(set(destinations)) != len(destinations):
        raise top.bad("publish", "the same destination is there twice")
    return destinations


def _destination(node: Node, place: Place, access: Access) -> Destination:
    fields = Fields(node, place, ("to", "repo", "url", "path", "gated"), ("ref",))
    kind = fields.text("to")
    if kind == "oci":
        raise fields.bad("to", "'oci' is not supported yet")
    if kind not in {"hub", "huggingface", "folder"}:
        raise fields.bad("to", f"{kind!r} is not one of hub, huggingface, folder")
    if kind == "folder":
        return FolderDestination(_folder(fields))
    repo, url = fields.required_text("repo"), fields.text("url")
    if not is_repo_id(repo):
        raise fields.bad("repo", f"{repo[:120]!r} is not namespace/name")
    if url is not None and urlsplit(url).scheme not in {"http", "https"}:
        raise fields.bad("url", f"{url[:120]!r} is not an http or https address")
    gated = fields.node("gated")
    if gated is not None and gated.value != access.gated:
        raise fields.bad("gated", f"{gated.value!r} does not go with access.mechanism")
    if fields.node("path") is not None:
        raise fields.bad("path", "a hub has a repo, not a path")
    return HubDestination(repo, url)


def _folder(fields: Fields) -> str:
    path = fields.required_text("path")
    for key in ("repo", "url", "gated"):
        if fields.node(key) is not None:
            raise fields.bad(key, "a folder has a path only")
    if problem := path_problem(path.rstrip("/") or "/"):
        raise fields.bad("path", f"{path[:80]!r} is not usable: {problem}")
    return path.rstrip("/")
