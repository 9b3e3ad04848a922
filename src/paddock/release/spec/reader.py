"""release.yaml: bytes to a ``ReleaseSpec``, or one sentence with file, line and hint.

Knows every key, its type and which keys belong to work that this version does not do yet: those
are refused, so that nobody believes that a gate ran or a second signature was made. Reads no other
file.
"""

from __future__ import annotations

import re
from typing import cast

from paddock.checkpoint.sizes import parse_size
from paddock.release.files.paths import glob_problem, path_problem
from paddock.release.spec.policy import read_access, read_publish, read_sign
from paddock.release.spec.values import (
    API_VERSION,
    KIND,
    MOF_COMPONENTS,
    UNKNOWN_LICENSE,
    Ancestor,
    Artifacts,
    Component,
    ComponentAccess,
    Licenses,
    Lineage,
    Metadata,
    Producer,
    ReleaseSpec,
)
from paddock.release.spec.yaml_fields import Fields, Place, as_text
from paddock.release.spec.yaml_tree import Node, parse_yaml

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")
_NAME = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]{0,94}[0-9A-Za-z])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
MIN_SHARD_BYTES = 10**6

_SECTIONS = (
    "apiVersion", "kind", "metadata", "lineage", "licenses", "components", "artifacts", "access",
    "sign", "publish",
)  # fmt: skip
_LATER_SECTIONS = ("inspect", "audit", "docs", "gate", "lifecycle")
_LINEAGE = ("base_model", "distilled_from", "trained_on_outputs_of")
_RELATIONS = ("finetune", "adapter", "merge", "quantized")
_COMPONENT_ACCESS = ("open", "gated", "withheld", "not_produced")


def parse_release(content: bytes, file_name: str = "release.yaml") -> ReleaseSpec:
    """The specification in ``content``; raises BadReleaseFile or NotSupportedYet."""
    place = Place(file_name, "")
    top = Fields(parse_yaml(content, file_name), place, _SECTIONS, _LATER_SECTIONS)
    for key, expected in (("apiVersion", API_VERSION), ("kind", KIND)):
        if top.required_text(key) != expected:
            raise top.bad(key, f"must be {expected!r}")
    if (metadata := top.node("metadata")) is None:
        raise place.bad(1, "the section 'metadata' is missing", "it needs a name and a version")
    return ReleaseSpec(
        metadata=_metadata(metadata, place.inside("metadata")),
        lineage=_lineage(top.node("lineage"), place.inside("lineage")),
        licenses=_licenses(top.node("licenses"), place.inside("licenses")),
        components=_components(top),
        artifacts=_artifacts(top.node("artifacts"), place.inside("artifacts")),
        access=(access := read_access(top.node("access"), metadata, place)),
        oms_key=read_sign(top.node("sign"), place.inside("sign")),
        publish=read_publish(top, access),
    )


def _metadata(node: Node, place: Place) -> Metadata:
    fields = Fields(
        node,
        place,
        (
            "name", "version", "producer", "description", "date", "purl", "supersedes", "stage",
            "type", "architecture", "treatment", "pipeline_tag", "library_name", "language", "tags",
        ),
    )  # fmt: skip
    name, version = fields.required_text("name"), fields.required_text("version")
    if not _NAME.fullmatch(name) or ".." in name or "--" in name:
        hint = "letters, digits, '.', '_' and '-'"
        raise fields.bad("name", f"{name[:100]!r} cannot name a model", hint)
    if not _VERSION.fullmatch(version) or ".." in version or version.endswith((".", ".lock")):
        raise fields.bad("version", f"{version[:80]!r} cannot name a tag", "for example 1.0.0")
    date = fields.text("date")
    if date is not None and not _DATE.fullmatch(date):
        raise fields.bad("date", f"{date[:40]!r} is not a date like 2026-11-20")
    producer = fields.node("producer")
    return Metadata(
        name=name,
        version=version,
        producer=None if producer is None else _producer(producer, place.inside("producer")),
        description=fields.text("description"),
        date=date,
        purl=fields.text("purl"),
        supersedes=fields.text("supersedes"),
        type=fields.text("type"),
        architecture=fields.text("architecture"),
        treatment=fields.text("treatment"),
        pipeline_tag=fields.text("pipeline_tag") or "text-generation",
        library_name=fields.text("library_name") or "transformers",
        languages=fields.texts("language"),
        tags=fields.texts("tags"),
    )


def _producer(node: Node, place: Place) -> Producer:
    fields = Fields(node, place, ("name", "contact", "security", "eu_representative"))
    return Producer(
        name=fields.required_text("name"),
        contact=fields.text("contact"),
        security=fields.text("security"),
        eu_representative=fields.text("eu_representative"),
    )


def _lineage(node: Node | None, place: Place) -> Lineage:
    if node is None:
        return Lineage()
    fields = Fields(node, place, _LINEAGE)
    ancestors = {
        key: tuple(_ancestor(item, place.inside(key)) for item in fields.items(key))
        for key in _LINEAGE
    }
    return Lineage(**ancestors)


def _ancestor(node: Node, place: Place) -> Ancestor:
    if isinstance(node.value, str):
        return Ancestor(as_text(node, place))
    fields = Fields(node, place, ("id", "revision", "relation", "license", "digest"))
    return Ancestor(
        id=fields.required_text("id"),
        revision=fields.text("revision"),
        relation=fields.choice("relation", _RELATIONS),
        license=fields.text("license"),
        sha256=_digest(fields.node("digest"), place.inside("digest")),
    )


def _digest(node: Node | None, place: Place) -> str | None:
    if node is None:
        return None
    fields = Fields(node, place, ("sha256",))
    sha256 = fields.required_text("sha256")
    if not _SHA256.fullmatch(sha256):
        raise fields.bad("sha256", f"{sha256[:80]!r} is not 64 lower-case hex digits")
    return sha256


def _licenses(node: Node | None, place: Place) -> Licenses:
    if node is None:
        return Licenses()
    fields = Fields(
        node,
        place,
        ("distribution", "code", "data", "document", "acceptable_use", "notices"),
        ("declarations",),
    )
    policy = _policy_file(fields.node("acceptable_use"), place.inside("acceptable_use"))
    return Licenses(
        distribution=fields.text("distribution") or UNKNOWN_LICENSE,
        code=fields.text("code"),
        data=fields.text("data"),
        document=fields.text("document"),
        acceptable_use_file=policy,
        notices=checked_paths(fields, "notices"),
    )


def _policy_file(node: Node | None, place: Place) -> str | None:
    if node is None:
        return None
    fields = Fields(node, place, ("file",), ("upstream",))
    fields.required_text("file")
    return checked_paths(fields, "file")[0]


def _components(top: Fields) -> tuple[Component, ...]:
    place = top.place.inside("components")
    components = tuple(_component(item, place) for item in top.items("components"))
    for number, component in enumerate(components):
        if component.name in {other.name for other in components[:number]}:
            raise top.bad("components", f"{component.name!r} is there twice")
    return components


def _component(node: Node, place: Place) -> Component:
    fields = Fields(
        node,
        place,
        ("name", "access", "path", "license", "reason", "review_date"),
        ("withhold", "commitment"),
    )
    fields.required_text("name")
    fields.required_text("access")
    name = fields.choice("name", MOF_COMPONENTS) or ""
    access = cast(ComponentAccess, fields.choice("access", _COMPONENT_ACCESS))
    paths = checked_paths(fields, "path")
    if access in {"withheld", "not_produced"} and paths:
        raise fields.bad(
            "path",
            f"a component that is {access} has no files in the release",
            "leave files out with artifacts.source.exclude",
        )
    if access == "withheld" and fields.text("reason") is None:
        raise fields.bad("access", "a withheld component needs a reason")
    return Component(
        name=name,
        access=access,
        paths=paths,
        license=fields.text("license"),
        reason=fields.text("reason"),
        review_date=fields.text("review_date"),
    )


def _artifacts(node: Node | None, place: Place) -> Artifacts:
    if node is None:
        return Artifacts()
    fields = Fields(node, place, ("source", "outputs", "forbid"))
    source, exclude = _source(fields.node("source"), place.inside("source"))
    return Artifacts(
        source=source,
        exclude=exclude,
        shard_bytes=_output_shard_bytes(fields),
        forbid_python=_forbids_python(fields),
    )


def _source(node: Node | None, place: Place) -> tuple[str, tuple[str, ...]]:
    if node is None:
        return ".", ()
    fields = Fields(node, place, ("path", "formats", "exclude"))
    path = fields.required_text("path")
    problem = None if path.rstrip("/") in {".", ""} else path_problem(path.rstrip("/"))
    if problem is not None or path.startswith("/"):
        raise fields.bad("path", f"{path[:80]!r} must stay inside the folder of {place.file_name}")
    for wish in fields.texts("formats"):
        if wish != "safetensors":
            raise fields.bad("formats", f"{wish!r} is not supported yet", "formats: [safetensors]")
    return path.rstrip("/") or ".", checked_paths(fields, "exclude")


def _output_shard_bytes(artifacts: Fields) -> int | None:
    outputs = artifacts.items("outputs")
    if len(outputs) > 1:
        raise artifacts.bad("outputs", "more than one output is not supported yet")
    if not outputs:
        return None
    fields = Fields(
        outputs[0],
        artifacts.place.inside("outputs"),
        ("id", "format", "shard_size"),
        ("dtype", "quant", "imatrix", "from", "max_kl"),
    )
    fields.choice("format", ("safetensors",))
    return _size(fields, "shard_size")


def _size(fields: Fields, key: str) -> int | None:
    node = fields.node(key)
    if node is None:
        return None
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        size_bytes = node.value
    elif (parsed := parse_size(as_text(node, fields.place.inside(key)))) is not None:
        size_bytes = parsed
    else:
        raise fields.bad(key, f"{node.value!r} is not a size", "bytes, or like 5GB")
    if size_bytes < MIN_SHARD_BYTES:
        raise fields.bad(key, f"{size_bytes} bytes is too small", f"at least {MIN_SHARD_BYTES}")
    return size_bytes


def _forbids_python(artifacts: Fields) -> bool:
    if artifacts.node("forbid") is None:
        return True
    forbidden = artifacts.texts("forbid")
    for word in forbidden:
        if word not in {"pickle", "python", "executables"}:
            raise artifacts.bad("forbid", f"{word!r} is not one of pickle, python, executables")
    if not {"pickle", "executables"} <= set(forbidden):
        raise artifacts.bad(
            "forbid", "pickles and executables cannot be allowed", "forbid: [pickle, executables]"
        )
    return "python" in forbidden


def checked_paths(fields: Fields, key: str) -> tuple[str, ...]:
    """Paths or patterns that stay inside the folder."""
    paths = fields.texts(key)
    for path in paths:
        if problem := glob_problem(path):
            raise fields.bad(key, f"{path[:80]!r} is not usable: {problem}")
    return paths
