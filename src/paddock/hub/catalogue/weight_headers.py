"""The headers of a model's shards, as its index names them.

Reads an index and the beginnings of the files in it, bounded in number and in bytes, and passes on
only headers that describe their files. Does not interpret tensors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from paddock.checkpoint.errors import BadSafetensors
from paddock.checkpoint.safetensors.reading import parse_header
from paddock.errors import BadInput, shown
from paddock.hub.catalogue.weight_names import MAX_SHARDS
from paddock.hub.catalogue.weights import raw_header, reading_headers
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files
from paddock.hub.large.content import Content, open_content
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.types import FileEntry

MAX_INDEX_BYTES = 16 * 1024 * 1024  # Llama 3.1 405B: 94 kB
MAX_ALL_HEADERS_BYTES = 64 * 1024 * 1024


class Sharded(NamedTuple):
    """An index and the files it names, opened."""

    told: dict[str, Any]  # what the index says
    shards: dict[str, Content]


def open_sharded(asking: Asking, oid: str, path: str) -> Sharded:
    """The index at a path of a revision.

    Raises EntryNotFound, BadInput, FileRejected and FileUnscanned.
    """
    hub, conn, repo = asking.hub, asking.conn, asking.repo
    entry = files.entry_at(conn, repo, oid, path)
    if not isinstance(entry, FileEntry):
        raise EntryNotFound(f"{shown(path)} does not exist in this revision", commit_oid=oid)
    leaving.require_entry(asking, entry)
    index = _read_index(open_content(hub, repo, entry, conn), path)
    names = sorted(set(index["weight_map"].values()))
    if len(names) > MAX_SHARDS:
        raise BadInput(f"{shown(path)} names {len(names)} files, more than {MAX_SHARDS}")
    folder = path.rpartition("/")[0]
    places = {name: f"{folder}/{name}" if folder else name for name in names}
    found = files.entries_at(conn, repo, oid, list(places.values()))
    shards = {}
    for name, place in places.items():
        shard = found.get(place)
        if not isinstance(shard, FileEntry):
            raise EntryNotFound(f"{shown(place)}, which the index names, is not there")
        leaving.require_entry(asking, shard)
        shards[name] = open_content(hub, repo, shard, conn)
    return Sharded(index, shards)


def read_sharded(sharded: Sharded) -> bytes:
    """``{"index", "headers"}`` as JSON, the index without its map, which the headers repeat."""
    index = {key: value for key, value in sharded.told.items() if key != "weight_map"}
    with reading_headers():
        headers = dict(_headers(sharded.shards))
        return orjson.dumps({"index": index, "headers": headers})


def _headers(shards: dict[str, Content]) -> Iterator[tuple[str, orjson.Fragment]]:
    total = 0
    for name, content in shards.items():
        raw = raw_header(content)
        if raw is None:
            raise BadInput(f"{shown(name)} is no safetensors file")
        total += len(raw)
        if total > MAX_ALL_HEADERS_BYTES:
            raise BadInput(f"the headers have more than {MAX_ALL_HEADERS_BYTES} bytes together")
        try:
            parse_header(raw, content.size_bytes, name)
            orjson.loads(raw)  # what is passed on as it is must be JSON to the letter
        except (BadSafetensors, orjson.JSONDecodeError) as e:
            raise BadInput(f"the header of {shown(name)} cannot be read") from e
        yield name, orjson.Fragment(raw)


def _read_index(content: Content, path: str) -> dict[str, Any]:
    if content.size_bytes > MAX_INDEX_BYTES:
        raise BadInput(f"{shown(path)} has more than {MAX_INDEX_BYTES} bytes")
    try:
        index = orjson.loads(b"".join(content.read(0, content.size_bytes)))
    except orjson.JSONDecodeError as e:
        raise BadInput(f"{shown(path)} is not JSON") from e
    mapped = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(mapped, dict) or not all(isinstance(v, str) for v in mapped.values()):
        raise BadInput(f"{shown(path)} is no index of safetensors files: it has no weight_map")
    return dict(index)
