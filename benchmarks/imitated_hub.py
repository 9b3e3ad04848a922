"""nginx as a read-only hub for the stock client: files by sendfile, answers recorded from paddock.

What the client asks for beside bytes (info, tree, ETag and commit of each file) are static files
and headers here: the comparison is with the fastest server that this client could talk to.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers import Hub, nginx


@dataclass(frozen=True)
class Served:
    """A repository of the hub and the folder that has the same files."""

    repo: str
    folder: Path


@contextmanager
def imitated_hub(hub: Hub, served: list[Served], folder: Path) -> Iterator[str]:
    """nginx that answers for these repositories as the hub does."""
    folder.mkdir()
    etags, locations = [], []
    for number, one in enumerate(served):
        info = _strip_xet(_get_json(hub, f"/api/models/{one.repo}/revision/main"))
        tree = _strip_xet(_whole_tree(hub, one.repo, info["sha"]))
        (folder / f"{number}.info").write_text(json.dumps(info))
        (folder / f"{number}.tree").write_text(json.dumps(tree))
        for entry in tree:
            _have(hub, one, entry["path"])
            etag = entry.get("lfs", {}).get("oid") or entry["oid"]
            etags.append(f'"/{one.repo}/resolve/{info["sha"]}/{entry["path"]}" \'"{etag}"\';')
            etags.append(f'"/{one.repo}/resolve/main/{entry["path"]}" \'"{etag}"\';')
        locations.append(_locations(one, folder / str(number), info["sha"]))
    outside = f"map $uri $etag_of {{ {' '.join(etags)} }}"
    sizes = "map_hash_max_size 65536; map_hash_bucket_size 256; default_type application/json;"
    with nginx(folder, "\n".join(locations), f"{sizes}\n{outside}") as url:
        yield url


def _locations(one: Served, recorded: Path, commit: str) -> str:
    pattern = rf"^/{re.escape(one.repo)}/resolve/[^/]+/(?<wanted>.*)$"
    return (
        f"location = /api/models/{one.repo}/revision/main {{ alias {recorded}.info; }}\n"
        f"location = /api/models/{one.repo}/tree/{commit} {{ alias {recorded}.tree; }}\n"
        f'location ~ "{pattern}" {{ alias {one.folder}/$wanted; etag off;\n'
        f'add_header ETag $etag_of; add_header X-Repo-Commit "{commit}"; }}'
    )


def _have(hub: Hub, one: Served, path: str) -> None:
    """What the hub adds by itself (.gitattributes) is not in the folder yet."""
    if not (one.folder / path).exists():
        with urllib.request.urlopen(f"{hub.url}/{one.repo}/resolve/main/{path}") as answer:
            (one.folder / path).write_bytes(answer.read())


def _whole_tree(hub: Hub, repo: str, commit: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    url: str | None = f"{hub.url}/api/models/{repo}/tree/{commit}?recursive=true"
    while url:
        with urllib.request.urlopen(url) as answer:
            found += json.load(answer)
            following = re.search(r'<([^>]+)>; *rel="next"', answer.headers.get("link", ""))
        url = following[1] if following else None
    return [entry for entry in found if entry["type"] == "file"]


def _get_json(hub: Hub, path: str) -> Any:
    with urllib.request.urlopen(hub.url + path) as answer:
        return json.load(answer)


def _strip_xet(value: Any) -> Any:
    """nginx has no Xet: its client must go by HTTP."""
    if isinstance(value, list):
        return [_strip_xet(item) for item in value]
    if isinstance(value, dict):
        return {k: _strip_xet(v) for k, v in value.items() if k not in {"xetHash", "xetEnabled"}}
    return value
