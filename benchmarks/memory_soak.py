"""The server's memory after thousands of mixed requests: it must not grow.

    python -m benchmarks.memory_soak [--requests N] [--repositories N]

A hub with some repositories is asked for everything that clients ask for: lists, information,
trees, files, what does not exist, uploads, git's refs, discussions. The memory of the server's
process is read after a warm-up and after that many requests more.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, run
from benchmarks.light_client import Connection
from benchmarks.servers import paddock_up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, default=4_000)
    parser.add_argument("--repositories", type=int, default=50)
    run("Memory after mixed requests", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    with paddock_up(folder / "hub") as hub:
        connection = Connection(hub.url)
        for number in range(options.repositories):
            body = json.dumps({"name": f"r{number}", "type": "model"}).encode()
            status = connection.send("/api/repos/create", method="POST", token=hub.token, body=body)
            assert status == 200, status
        asked = _mixed(options.repositories)
        statuses: dict[int, int] = {}
        figures = [_figure("idle", hub.pid)]
        for what, count in (
            ("after the warm-up", options.warm_up),
            ("at the end", options.requests),
        ):
            for method, path, body in itertools.islice(asked, count):
                status = connection.send(path, method=method, token=hub.token, body=body)
                statuses[status] = statuses.get(status, 0) + 1
            figures.append(_figure(what, hub.pid))
        connection.close()
    growth = round(figures[-1].value - figures[-2].value, 1)
    figures.append(Figure(f"growth over {options.requests} requests", growth, "MB", [growth]))
    # A round asks for nine things that are there and three that are not.
    assert statuses[200] > 2 * sum(count for status, count in statuses.items() if status != 200)
    refused = sum(count for status, count in statuses.items() if status >= 500)
    figures.append(Figure("answers of 500 and above", refused, "answers", [float(refused)]))
    return figures


def _mixed(repositories: int) -> Iterator[tuple[str, str, bytes]]:
    """Requests without end, no two rounds the same."""
    for number in itertools.count():
        repo = f"admin/r{number % repositories}"
        yield "GET", f"/api/models?search=r{number % 97}&limit=20", b""
        yield "GET", f"/api/models/{repo}", b""
        yield "GET", f"/api/models/{repo}/tree/main?recursive=true&expand=true", b""
        yield "GET", f"/{repo}/resolve/main/.gitattributes", b""
        yield "HEAD", f"/{repo}/resolve/main/absent-{number}.json", b""
        yield "GET", f"/api/models/nobody-{number}/nothing-{number}", b""
        yield "GET", f"/{number}/{number}/{number}/{number}", b""
        yield "POST", f"/api/models/{repo}/commit/main", _commit(number)
        yield "GET", f"/{repo}.git/info/refs?service=git-upload-pack", b""
        yield "GET", f"/api/models/{repo}/discussions", b""
        yield "GET", f"/api/models/{repo}/commits/main?limit=5", b""
        yield "GET", f"/api/models/{repo}/refs", b""


def _commit(number: int) -> bytes:
    content = base64.b64encode(f"version {number}\n".encode() * 20).decode()
    lines = (
        {"key": "header", "value": {"summary": f"change {number}"}},
        {"key": "file", "value": {
            "path": f"data/{number % 50}.txt", "content": content, "encoding": "base64"}},
    )  # fmt: skip
    return b"\n".join(json.dumps(line).encode() for line in lines)


def _figure(when: str, pid: int) -> Figure:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    megabytes = round(int(found[1]) / 1024, 1)
    return Figure(f"resident memory {when}", megabytes, "MB", [megabytes])


if __name__ == "__main__":
    main()
