"""Debian's ``docker-registry`` on a socket of its own, with or without a password."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

START_SECONDS = 30.0
# htpasswd's line for ada with the password "open sesame"; bcrypt, the only kind the registry reads.
ADA = "ada:$2y$05$LnDpWfHPtZEuH7wLgUwXVeHiSxAzjGHFiBGvuFNtrZg0LwVOyTicO\n"


@contextmanager
def running_registry(folder: Path, *, password: bool = False) -> Iterator[str]:
    """The registry's HOST:PORT; skips where it is not installed."""
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed: scripts/debian-packages.sh does it")
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "htpasswd").write_text(ADA)
    auth = f"auth: {{htpasswd: {{realm: paddock, path: {folder}/htpasswd}}}}\n" if password else ""
    (folder / "config.yml").write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/storage}}}}\n"
        f"http: {{addr: '{host}', secret: a-secret-of-tests}}\n{auth}"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(folder / "config.yml")], stdout=log, stderr=log
        )
        try:
            _wait(host, process, folder / "log")
            yield host
        finally:
            process.kill()
            process.wait()


def _wait(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"http://{host}/v2/", timeout=1)
            return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"the registry did not start: {log.read_text()[-2000:]}")
