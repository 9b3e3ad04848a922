"""Bytes into the hub and out of it, against nginx and cp.

    python -m benchmarks.hub_transfer [--large-bytes N] [--small-files N] [--rounds N]

Uploads and downloads one large file and a folder of small ones with the stock client (by Xet, as
it does by default, and by HTTP) and with curl; nginx serves the same files with sendfile, imitating
the hub's answers for the stock client, and takes uploads by WebDAV. Watches the server's memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.figures import Figure, best, compared, run
from benchmarks.imitated_hub import Served, imitated_hub
from benchmarks.servers import Hub, MemoryWatch, cpu_seconds, nginx, paddock_up
from benchmarks.stock_client import timed

LARGE = "model.bin"


@dataclass
class Session:
    """What is measured, where, and what came out."""

    options: argparse.Namespace
    folder: Path
    hub: Hub
    figures: list[Figure] = field(default_factory=list)

    def seconds(self, what: str, action: Callable[[int], float], against: Figure | None) -> Figure:
        """Seconds of ``action``, called with the number of the round."""
        rounds, spent = [], []
        for number in range(self.options.rounds):
            subprocess.run(["sync"], check=True)  # nobody pays for another's unwritten pages
            before = cpu_seconds(self.hub.pid)
            rounds.append(action(number))
            spent.append(round(cpu_seconds(self.hub.pid) - before, 2))
        figure = replace(best(what, "s", rounds), server_cpu_seconds=min(spent))
        self.figures.append(compared(figure, against) if against else figure)
        return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large-bytes", type=int, default=2_000_000_000)
    parser.add_argument("--small-files", type=int, default=2000)
    parser.add_argument("--small-bytes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    run("Transfers (ratio above 1 is faster)", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    with paddock_up(folder / "hub") as hub:
        session = Session(options, folder, hub)
        with MemoryWatch(hub.pid) as memory:
            _upload_large(session)
            _upload_small(session)
            served = [
                Served("admin/large-xet0", folder / "large0"),
                Served("admin/small0", folder / "small0"),
            ]
            with imitated_hub(hub, served, folder / "imitation") as nginx_url:
                _download_large(session, nginx_url)
                _download_small(session, nginx_url)
        megabytes = memory.over_idle_bytes / 1e6
        idle = memory.idle_bytes / 1e6
        session.figures.append(best("server's memory when idle", "MB", [idle]))
        session.figures.append(best("most over that, during all of this", "MB", [megabytes]))
    return session.figures


def _upload_large(session: Session) -> None:
    folder, hub = session.folder, session.hub
    for number in range(session.options.rounds):
        (folder / f"large{number}").mkdir()
        write_noise(folder / f"large{number}" / LARGE, session.options.large_bytes)
    incoming = folder / "dav"
    incoming.mkdir()
    with nginx(incoming, f"location / {{ root {incoming}; dav_methods PUT; }}") as url:
        to_nginx = session.seconds(
            "upload large: curl to nginx (WebDAV, not synced)",
            lambda n: curl("-T", f"{folder}/large{n}/{LARGE}", f"{url}/in{n}"),
            None,
        )
    shutil.rmtree(incoming)
    session.seconds(
        "upload large: cp (not synced)",
        lambda n: copy(folder / f"large{n}", folder / "c"),
        to_nginx,
    )
    for name, xet in (("xet", True), ("lfs", False)):
        session.seconds(
            f"upload large: stock client, {name.upper()}",
            lambda n, name=name, xet=xet: timed(
                hub.url,
                hub.token,
                "upload",
                f"admin/large-{name}{n}",
                folder / f"large{n}",
                xet=xet,
            ),
            to_nginx,
        )


def _upload_small(session: Session) -> None:
    folder, hub, options = session.folder, session.hub, session.options
    for number in range(options.rounds):
        write_small_files(folder / f"small{number}", options.small_files, options.small_bytes)
    copied = session.seconds(
        "upload small: cp", lambda n: copy(folder / f"small{n}", folder / "c"), None
    )
    session.seconds(
        "upload small: stock client",
        lambda n: timed(
            hub.url, hub.token, "upload", f"admin/small{n}", folder / f"small{n}", xet=True
        ),
        copied,
    )


def _download_large(session: Session, nginx_url: str) -> None:
    folder, hub = session.folder, session.hub

    def by_client(url: str, *, xet: bool) -> Callable[[int], float]:
        return lambda _: timed(url, hub.token, "download", "admin/large-xet0", LARGE, xet=xet)

    def by_curl(url: str, repo: str) -> Callable[[int], float]:
        return lambda _: curl("-L", "-o", "/dev/null", f"{url}/{repo}/resolve/main/{LARGE}")

    raw = session.seconds(
        "download large: curl from nginx", by_curl(nginx_url, "admin/large-xet0"), None
    )
    session.seconds("download large: curl, came by LFS", by_curl(hub.url, "admin/large-lfs0"), raw)
    session.seconds("download large: curl, came by Xet", by_curl(hub.url, "admin/large-xet0"), raw)
    fastest = session.seconds(
        "download large: stock client from nginx", by_client(nginx_url, xet=False), None
    )
    session.seconds("download large: stock client, HTTP", by_client(hub.url, xet=False), fastest)
    session.seconds("download large: stock client, Xet", by_client(hub.url, xet=True), fastest)
    session.seconds("download large: cp", lambda _: copy(folder / "large0", folder / "c"), fastest)


def _download_small(session: Session, nginx_url: str) -> None:
    folder, hub = session.folder, session.hub
    from_nginx = session.seconds(
        "download small: stock client from nginx",
        lambda _: timed(nginx_url, hub.token, "snapshot", "admin/small0", "", xet=False),
        None,
    )
    session.seconds(
        "download small: stock client",
        lambda _: timed(hub.url, hub.token, "snapshot", "admin/small0", "", xet=True),
        from_nginx,
    )
    session.seconds(
        "download small: cp", lambda _: copy(folder / "small0", folder / "c"), from_nginx
    )


def write_noise(path: Path, size_bytes: int) -> None:
    """A file that nothing compresses or deduplicates."""
    with path.open("wb") as file:
        for start in range(0, size_bytes, 1 << 24):
            file.write(os.urandom(min(1 << 24, size_bytes - start)))


def write_small_files(folder: Path, count: int, size_bytes: int) -> None:
    """Text files in folders of a hundred."""
    for number in range(count):
        path = folder / f"{number // 100:03d}" / f"{number:05d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(os.urandom(size_bytes // 2).hex())


def curl(*arguments: str) -> float:
    """Seconds of one transfer, without curl's own start."""
    command = ["curl", "-sS", "-f", "-w", "%{stderr}%{time_total}", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stderr)


def copy(source: Path, target: Path) -> float:
    """Seconds of ``cp -r``."""
    started = time.perf_counter()
    subprocess.run(["cp", "-r", source, target], check=True)
    seconds = time.perf_counter() - started
    shutil.rmtree(target)
    return seconds


if __name__ == "__main__":
    main()
