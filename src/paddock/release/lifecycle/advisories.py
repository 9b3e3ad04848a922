"""Advisories and logs of events as files that a user names: read strictly and bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object, read_small
from paddock.errors import BadInput
from paddock.release.spec.yaml_tree import MAX_YAML_BYTES, Node, parse_yaml
from paddock.signing.events.advisory import Advisory, parse_advisory
from paddock.signing.events.log import MAX_LOG_BYTES, Log, parse_log


def read_advisory(path: Path) -> Advisory:
    """The advisory in a YAML or JSON file; raises BadInput."""
    raw = _read(path, MAX_YAML_BYTES)
    if path.suffix == ".json":
        try:
            item = parse_object(raw, path.name, BadCheckpoint)
        except BadCheckpoint as e:
            raise BadInput(e.message) from e
    else:
        item = _plain(parse_yaml(raw, path.name))
    if not isinstance(item, dict):
        raise BadInput(f"{path.name} must be a mapping of keys to values")
    return parse_advisory(item, path.name)


def read_log(path: Path) -> Log:
    """The events in a file such as lifecycle.json; raises BadInput."""
    return parse_log(_read(path, MAX_LOG_BYTES))


def _read(path: Path, limit_bytes: int) -> bytes:
    try:
        return read_small(path, BadCheckpoint, limit_bytes)
    except BadCheckpoint as e:
        raise BadInput(e.message) from e


def _plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(value) for key, value in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(item) for item in node.value]
    return node.value
