"""Commits and uploads without end, until it is killed: ``python -m tests.hub.kill_driver``.

Four clients at once on the same branches: two commit small files, one sends large files by LFS,
one by Xet through the stock client. Arguments: address, token, journal, name of the round,
repositories.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

from tests.hub.kill_journal import Journal, Meant

Send = Callable[[Meant], str]


class Client:
    """One way of committing; ``send`` returns the commit that was acknowledged."""

    def __init__(self, url: str, token: str, journal: Journal) -> None:
        self.api = HfApi(endpoint=url, token=token)
        headers = {"authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=60)
        self.journal = journal

    def by_stock_client(self, meant: Meant) -> str:
        """Small files go inline; large ones by Xet."""
        adds = [CommitOperationAdd(path, meant.content(path)) for path in meant.adds]
        deletes = [CommitOperationDelete(path) for path in meant.deletes]
        answer = self.api.create_commit(meant.repo, [*adds, *deletes], commit_message=meant.title)
        return answer.oid

    def by_lfs(self, meant: Meant) -> str:
        lines: list[dict[str, object]] = [{"key": "header", "value": {"summary": meant.title}}]
        for path in meant.adds:
            content = meant.content(path)
            oid = hashlib.sha256(content).hexdigest()
            self._upload(meant.repo, oid, content)
            lines.append(
                {
                    "key": "lfsFile",
                    "value": {"path": path, "algo": "sha256", "oid": oid, "size": len(content)},
                }
            )
        self.journal.uploaded(meant.title)
        body = "\n".join(json.dumps(line) for line in lines)
        answer = self.http.post(f"/api/models/{meant.repo}/commit/main", content=body.encode())
        return str(answer.raise_for_status().json()["commitOid"])

    def _upload(self, repo: str, oid: str, content: bytes) -> None:
        wanted = {"operation": "upload", "transfers": ["basic"], "hash_algo": "sha256"}
        wanted["objects"] = [{"oid": oid, "size": len(content)}]
        answer = self.http.post(f"/{repo}.git/info/lfs/objects/batch", json=wanted)
        [found] = answer.raise_for_status().json()["objects"]
        self.http.put(found["actions"]["upload"]["href"], content=content).raise_for_status()


def work(name: str, repos: list[str], journal: Journal, send: Send, *, large: bool) -> None:
    """Commit for ever; small files are sometimes deleted again."""
    dice = random.Random(name)
    mine: dict[str, list[str]] = {repo: [] for repo in repos}
    number = 0
    while True:
        number += 1
        title, repo = f"{name}-{number}", dice.choice(repos)
        sizes = (100_000, 3_000_000) if large else (0, 20_000)
        suffix = "safetensors" if large else "txt"
        count = dice.randint(1, 2 if large else 6)
        adds = {f"{name}/{title}-{i}.{suffix}": dice.randint(*sizes) for i in range(count)}
        adds[f"{name}/latest.{suffix}"] = dice.randint(*sizes)
        old = mine[repo]
        deletes = [old.pop(dice.randrange(len(old)))] if old and dice.random() < 0.3 else []
        meant = Meant(title, repo, adds, deletes if not large else [], large)
        journal.meant(meant)
        try:
            oid = send(meant)
        except (httpx.HTTPStatusError, HfHubHTTPError) as error:
            journal.refused(f"{title}: {error}")
            raise
        journal.acknowledged(title, oid)
        mine[repo] += [path for path in adds if "latest" not in path]


def main(url: str, token: str, journal_path: str, turn: str, *repos: str) -> None:
    journal = Journal(Path(journal_path))
    clients = [Client(url, token, journal) for _ in range(4)]
    jobs: list[tuple[str, Send, bool]] = [
        ("small-a", clients[0].by_stock_client, False),
        ("small-b", clients[1].by_stock_client, False),
        ("lfs", clients[2].by_lfs, True),
        ("xet", clients[3].by_stock_client, True),
    ]
    for name, send, large in jobs:
        threading.Thread(
            target=work,
            args=[f"{turn}-{name}", list(repos), journal, send],
            kwargs={"large": large},
        ).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
