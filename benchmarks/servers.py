"""The servers that are measured: paddock as people start it, and nginx."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Hub:
    """A running hub."""

    url: str
    token: str
    pid: int
    ready_seconds: float


@contextmanager
def paddock_up(folder: Path, token: str = "") -> Iterator[Hub]:
    """``paddock up`` on ``folder``; ``token`` is that of an earlier start, whose hub this is."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "paddock", "up", "--no-starter"]
    environ = {**os.environ, "PADDOCK_LOG_LEVEL": "error"}
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--data", str(folder), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environ,
    )
    try:
        wait_until_ready(f"{url}/readyz", process)
        ready_seconds = time.perf_counter() - started
        yield Hub(url, token or _told_token(process), process.pid, ready_seconds)
    finally:
        process.terminate()
        process.wait(30)
        assert process.stdout
        process.stdout.close()


@contextmanager
def nginx(folder: Path, server: str, outside: str = "") -> Iterator[str]:
    """nginx with the body of one ``server`` block; yields its address."""
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes auto; pid {folder}/nginx.pid;\n"
        f"error_log {folder}/nginx.log; {'user root;' if os.getuid() == 0 else ''}\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;\n"
        f"client_max_body_size 0; client_body_temp_path {folder}/body; {outside}\n"
        f"server {{ listen 127.0.0.1:{port};\n{server}\n}} }}\n"
    )
    process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p", folder])
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


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class MemoryWatch:
    """The largest resident memory of a process above what it was at the beginning, in bytes."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._idle = self._peak = self._resident()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def over_idle_bytes(self) -> int:
        return self._peak - self._idle

    @property
    def idle_bytes(self) -> int:
        return self._idle

    def _watch(self) -> None:
        while not self._stopped.wait(0.02):
            self._peak = max(self._peak, self._resident())

    def _resident(self) -> int:
        found = re.search(r"VmRSS:\s+(\d+) kB", self._status.read_text())
        assert found
        return int(found[1]) * 1024


def cpu_seconds(pid: int) -> float:
    """What a process has spent in user and system mode (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    """Return when the address answers; raises RuntimeError when the process ends before."""
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except (urllib.error.URLError, ConnectionError):
            if process.poll() is not None:
                raise RuntimeError(process.stdout and process.stdout.read()) from None
            time.sleep(0.01)


def _told_token(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"its token: +(\S+)", line):
            return found[1]
    raise RuntimeError("the server did not tell its first token")
