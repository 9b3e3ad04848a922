"""Ten thousand small files in one commit, against git itself.

    python -m benchmarks.commit_small_files [--files N] [--bytes N] [--rounds N]

Times the stock client's ``create_commit`` (it hashes, asks how each file travels, and sends one
request), that one request alone, and ``git add`` with ``git commit`` on the same files.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import time
import urllib.request
from pathlib import Path

from benchmarks.figures import Figure, best, compared, run
from benchmarks.hub_transfer import write_small_files
from benchmarks.servers import Hub, paddock_up
from benchmarks.stock_client import timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    run("A commit of many small files (ratio above 1 is faster)", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    rounds = range(options.rounds)
    folders = [folder / f"files{number}" for number in rounds]
    for each in folders:
        write_small_files(each, options.files, options.bytes)
    by_git = best("git add, git commit", "s", [git_commit(each) for each in folders])
    with paddock_up(folder / "hub") as hub:
        request = [commit_by_one_request(hub, folders[n], f"request{n}") for n in rounds]
        client = [
            timed(hub.url, hub.token, "commit", f"admin/client{n}", folders[n], xet=True)
            for n in rounds
        ]
    return [
        by_git,
        compared(best("the one request", "s", request), by_git),
        compared(best("stock client, create_commit", "s", client), by_git),
    ]


def git_commit(folder: Path) -> float:
    """Seconds; the repository is beside the files so that they stay as they are."""
    outside = ["git", f"--git-dir={folder}.git", f"--work-tree={folder}"]
    subprocess.run([*outside, "init", "-q"], check=True)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "gc.auto=0"]
    started = time.perf_counter()
    subprocess.run([*outside, "add", "."], check=True)
    subprocess.run([*outside, *identity, "commit", "-q", "-m", "many"], check=True)
    return time.perf_counter() - started


def commit_by_one_request(hub: Hub, folder: Path, name: str) -> float:
    """Seconds from the first byte sent to the answer."""
    post(hub, "/api/repos/create", json.dumps({"name": name}).encode())
    lines = [{"key": "header", "value": {"summary": "many small files"}}]
    for path in sorted(folder.rglob("*.txt")):
        content = base64.b64encode(path.read_bytes()).decode()
        value = {"path": str(path.relative_to(folder)), "content": content, "encoding": "base64"}
        lines.append({"key": "file", "value": value})
    body = "\n".join(map(json.dumps, lines)).encode()
    return post(hub, f"/api/models/admin/{name}/commit/main", body)


def post(hub: Hub, path: str, body: bytes) -> float:
    """Seconds of one request."""
    headers = {"authorization": f"Bearer {hub.token}", "content-type": "application/json"}
    started = time.perf_counter()
    with urllib.request.urlopen(urllib.request.Request(hub.url + path, body, headers)) as answer:
        answer.read()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
