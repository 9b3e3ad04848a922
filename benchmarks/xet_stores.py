"""The stores that are compared: hf-xet's own, our hub by Xet and by LFS, a registry, MLflow.

Each is opened on an empty folder and takes files by name. What it stores is what the disk gives
for it (blocks), its database included; what clients keep for themselves is not the store's.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.counting_proxy import CountingProxy, counting_proxy
from benchmarks.process_trees import cpu_seconds_of, wait_until_calm
from benchmarks.servers import free_port, paddock_up, wait_until_ready

ROOT = Path(__file__).parents[1]
_DUE = (
    "SELECT count(*) FROM jobs WHERE state = 'running' OR (state = 'waiting'"
    " AND not_before <= strftime('%Y-%m-%d %H:%M:%f', 'now'))"
)
_REGISTRY = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "{address}"}}
"""


class Moved(NamedTuple):
    """One file up or down: seconds, processor time of client and server, bytes that were sent."""

    seconds: float
    client_cpu_seconds: float
    server_cpu_seconds: float
    sent_bytes: int
    path: Path | None  # where a fetched file is


@dataclass(frozen=True)
class Store:
    """A store that is open, and who talks to it: a kind of client, by a Python, at an address."""

    kind: str
    python: str
    address: str
    stored: Callable[[], int]
    pid: int | None = None  # hf-xet's own store has no server
    proxy: CountingProxy | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    settle: Callable[[], None] = lambda: None  # returns when nothing is left to do behind

    def up(self, name: str, path: Path, machine: Path) -> Moved:
        """Send a file, from a machine whose clients keep what they remember in a folder."""
        return self._client("up", name, path, machine)

    def down(self, name: str, folder: Path, machine: Path) -> Moved:
        """Fetch a file into a folder."""
        return self._client("down", name, folder, machine)

    def _client(self, action: str, name: str, path: Path, machine: Path) -> Moved:
        quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        environ = {**os.environ, **quiet, "HF_HOME": str(machine), **self.environ}
        command = [self.python, "-m", "benchmarks.xet_clients", self.kind, action, self.address]
        server, client = self.server_cpu_seconds(), _children_cpu()
        counted = self.proxy.sent_bytes if self.proxy else 0
        done = subprocess.run(
            [*command, name, str(path)],
            cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        told = json.loads(done.stdout.splitlines()[-1])
        counted = self.proxy.sent_bytes - counted if self.proxy else 0
        fetched = Path(told["path"]) if "path" in told else None
        spent = (_children_cpu() - client, self.server_cpu_seconds() - server)
        return Moved(told["seconds"], *spent, told.get("sent", counted), fetched)

    def server_cpu_seconds(self) -> float:
        """What the server and its children have spent so far."""
        return cpu_seconds_of(self.pid) if self.pid else 0.0


Opened = AbstractContextManager[Store]


@contextmanager
def local_store(folder: Path, *, counted: bool = False) -> Iterator[Store]:
    """hf-xet's own ``local://`` store: a folder, written by the client itself."""
    folder.mkdir()
    kept = folder / "store/xet/xorbs"  # beside it lies the client's cache
    yield Store("local", sys.executable, str(folder), lambda: _blocks(kept))


@contextmanager
def hub_store(folder: Path, *, xet: bool = True, counted: bool = False) -> Iterator[Store]:
    """``paddock up``; a client sends by Xet, or by git-lfs's protocol."""
    with paddock_up(folder) as hub:
        wait_until_calm(hub.pid)
        environ = {"BENCH_TOKEN": hub.token, "HF_HUB_DISABLE_XET": "0" if xet else "1"}
        with _counted(hub.url.removeprefix("http://"), counted) as (address, proxy):
            yield Store(
                "hub", sys.executable, address, lambda: hub_bytes(folder),
                hub.pid, proxy, environ, lambda: settle_hub(folder),
            )  # fmt: skip


@contextmanager
def registry_store(folder: Path, python: str, *, counted: bool = False) -> Iterator[Store]:
    """Debian's ``docker-registry``, and a Python that has ORAS."""
    folder.mkdir()
    address = f"127.0.0.1:{free_port()}"
    configuration = folder / "config.yml"
    configuration.write_text(_REGISTRY.format(folder=folder / "kept", address=address))
    command = ["docker-registry", "serve", str(configuration)]
    ready = f"http://{address}/v2/"
    with _server(command, ready) as pid, _counted(address, counted) as (seen, proxy):
        yield Store("oras", python, seen, lambda: _blocks(folder / "kept"), pid, proxy)


@contextmanager
def mlflow_store(folder: Path, python: str, *, counted: bool = False) -> Iterator[Store]:
    """MLflow's tracking server, which serves artifacts, from a Python that has it."""
    folder.mkdir()
    port = free_port()
    command = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'runs.db'}", "--serve-artifacts"]
    command += ["--artifacts-destination", str(folder / "kept")]
    address = f"127.0.0.1:{port}"
    ready = f"http://{address}/health"
    with _server(command, ready) as pid, _counted(address, counted) as (seen, proxy):
        yield Store("mlflow", python, seen, lambda: _blocks(folder / "kept"), pid, proxy)


def hub_bytes(folder: Path) -> int:
    """What a hub's folder takes; of the database its pages, wherever they lie just now."""
    with sqlite3.connect(f"file:{folder / 'paddock.db'}?mode=ro", uri=True) as conn:
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        (page_bytes,) = conn.execute("PRAGMA page_size").fetchone()
    conn.close()
    return int(pages * page_bytes) + _blocks(folder / "blobs")


def settle_hub(folder: Path) -> None:
    """Return when the hub has no work left and has swept what nobody needs any more."""
    _wait_until_idle(folder)
    command = [sys.executable, "-m", "paddock", "admin", "gc", "--grace-hours", "0"]
    subprocess.run([*command, "--data", folder], check=True, stdout=subprocess.DEVNULL)


def _wait_until_idle(folder: Path) -> None:
    conn = sqlite3.connect(f"file:{folder / 'paddock.db'}?mode=ro", uri=True)
    quiet = 0
    while quiet < 3:
        (due,) = conn.execute(_DUE).fetchone()
        quiet = 0 if due else quiet + 1
        time.sleep(0.4)
    conn.close()


@contextmanager
def _counted(address: str, counted: bool) -> Iterator[tuple[str, CountingProxy | None]]:
    if not counted:
        yield address, None
        return
    with counting_proxy(address) as proxy:
        yield proxy.address, proxy


@contextmanager
def _server(command: list[str], ready: str) -> Iterator[int]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    try:
        wait_until_ready(ready, process)
        wait_until_calm(process.pid)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _blocks(folder: Path) -> int:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_blocks * 512 for path in files)


def _children_cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
