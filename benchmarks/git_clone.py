"""A clone of ten thousand commits, against ``git http-backend`` on the same repository.

    python -m benchmarks.git_clone [--commits N] [--files N] [--rounds N]

The history is text files in folders, one or two of which change with each commit. git serves it
from one pack, as after ``git gc``; paddock got it by ``git push``. The first clone makes the pack,
those that follow are sent what it kept; ``a fetch`` brings the last hundred commits. The pack sizes
are what travels.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.commit_small_files import post
from benchmarks.figures import Figure, best, compared, run
from benchmarks.servers import cpu_seconds, free_port, paddock_up

_WORDS = b"layer token weight config hidden size heads rope theta norm train eval loss step".split()
_BEHIND = 100  # commits that a fetch brings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commits", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    run("A clone of 10,000 commits (ratio above 1 is faster)", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    source = folder / "served" / "source.git"
    make_history(source, options.commits, options.files)
    rounds = range(options.rounds)
    with http_backend(folder / "served") as peer:
        git = [clone(f"{peer}/source.git", folder / f"peer{n}") for n in rounds]
        fetched = [fetch(folder / f"peer{n}") for n in rounds]
    by_git = best("git clone from git http-backend", "s", git)
    fetch_by_git = best("a fetch from git http-backend", "s", fetched)
    with paddock_up(folder / "hub") as hub:
        address = hub.url.replace("//", f"//x:{hub.token}@")
        pushed, first = [], []
        for n in rounds:
            post(hub, "/api/repos/create", f'{{"name": "history{n}"}}'.encode())
            pushed.append(push(source, f"{address}/admin/history{n}"))
            first.append(clone(f"{address}/admin/history{n}", folder / f"first{n}"))
        before = cpu_seconds(hub.pid)
        again = [clone(f"{address}/admin/history0", folder / f"again{n}") for n in rounds]
        spent = (cpu_seconds(hub.pid) - before) / options.rounds
        ours = [fetch(folder / f"again{n}") for n in rounds]
    following = compared(best("git clone from paddock, the following ones", "s", again), by_git)
    return [
        by_git,
        compared(best("git clone from paddock, the first", "s", first), by_git),
        Figure(**{**_fields(following), "server_cpu_seconds": spent}),
        fetch_by_git,
        compared(best(f"a fetch of {_BEHIND} commits from paddock", "s", ours), fetch_by_git),
        best("git push to paddock", "s", pushed),
        best("pack from git http-backend", "MB", [pack_megabytes(folder / "peer0")]),
        best("pack from paddock", "MB", [pack_megabytes(folder / "again0")]),
    ]


def _fields(figure: Figure) -> dict[str, object]:
    return {name: getattr(figure, name) for name in Figure.__dataclass_fields__}


def make_history(target: Path, commits: int, files: int) -> None:
    """A bare repository with this history, in one pack."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", target], check=True)
    importer = ["git", "-C", target, "fast-import", "--quiet", "--done"]
    with subprocess.Popen(importer, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for part in _history(commits, files):
            process.stdin.write(part)
    for command in (["repack", "-adfq"], ["config", "http.receivepack", "true"]):
        subprocess.run(["git", "-C", target, *command], check=True)


def _history(commits: int, files: int) -> Iterator[bytes]:
    chance = random.Random(1)

    def line() -> bytes:
        return b" ".join(chance.choices(_WORDS, k=8))

    paths = [b"part%02d/section%d/file%03d.txt" % (n % 20, n % 5, n) for n in range(files)]
    texts = {path: [line() for _ in range(chance.randrange(5, 60))] for path in paths}
    for number in range(commits):
        message = b"Commit %d\n\n%s\n" % (number, line())
        yield b"commit refs/heads/main\ncommitter A <a@example.org> %d +0000\n" % (
            1_600_000_000 + 60 * number
        )
        yield b"data %d\n%s" % (len(message), message)
        for path in paths if number == 0 else chance.sample(paths, chance.choice([1, 1, 2])):
            texts[path][chance.randrange(len(texts[path]))] = line()
            content = b"\n".join(texts[path]) + b"\n"
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(content), content)
    yield b"done\n"


@contextmanager
def http_backend(folder: Path) -> Iterator[str]:
    """The peer; yields its address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.git_backend", folder, str(port)])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def clone(address: str, target: Path) -> float:
    """Seconds of a whole clone, files checked out."""
    return _timed("clone", "-q", address, str(target))


def push(source: Path, address: str) -> float:
    """Seconds of a push into a repository that has only the hub's first commit."""
    return _timed("-C", str(source), "push", "-q", "--force", "-o", "force", address, "main")


def fetch(folder: Path) -> float:
    """Seconds of a fetch into a clone that is some commits behind."""
    tip = f"HEAD~{_BEHIND}" if _count(folder) > _BEHIND else "HEAD~1"
    behind = folder.with_name(f"{folder.name}-behind")
    local = ["clone", "-q", "--no-local", "--bare", str(folder), str(behind)]
    _timed("-C", str(folder), "checkout", "-q", "-B", "old", tip)
    _timed(*local, "--single-branch", "--branch", "old")
    address = subprocess.run(
        ["git", "-C", folder, "remote", "get-url", "origin"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    return _timed("-C", str(behind), "fetch", "-q", address, "main:main")


def pack_megabytes(folder: Path) -> float:
    """What a clone received."""
    packs = folder.glob(".git/objects/pack/*.pack")
    return sum(path.stat().st_size for path in packs) / 1e6


def _count(folder: Path) -> int:
    counted = ["git", "-C", folder, "rev-list", "--count", "HEAD"]
    return int(subprocess.run(counted, check=True, capture_output=True).stdout)


def _timed(*arguments: str) -> float:
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    started = time.perf_counter()
    subprocess.run(["git", *arguments], check=True, env=environ)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
