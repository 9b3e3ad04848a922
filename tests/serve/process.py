"""``paddock serve`` as a process of its own, the way a person or a script starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from paddock.starter import starter_folder

START_SECONDS = 120.0
STARTER = str(starter_folder())


@dataclass
class RunningServer:
    """A server process, what it said, and a client of it."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    _client: httpx.Client | None = None

    @property
    def text(self) -> str:
        return "".join(self.said)

    @property
    def url(self) -> str:
        found = re.search(r"at (http\S+)/v1", self.text)
        assert found, self.text
        return found[1]

    @property
    def client(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(base_url=self.url, timeout=60)
        return self._client

    def figure(self, name: str) -> float:
        """The sum of one figure over all its labels."""
        metrics = self.client.get("/metrics").text
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", metrics, re.MULTILINE)
        return sum(float(value) for value in found)

    def complete(self, model: str = "model", **fields: object) -> httpx.Response:
        body = {"model": model, "prompt": "The teapot", "max_tokens": 5, **fields}
        return self.client.post("/v1/completions", json=body)


@contextmanager
def running_server(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, wait: bool = True
) -> Iterator[RunningServer]:
    """Run until the block ends; ready when it has printed where it is."""
    environ = {**os.environ, "HOME": str(folder), "HF_HOME": str(folder / "hf")}
    environ |= {"PADDOCK_SERVE_THREADS": "1", "PADDOCK_CONFIG_HOME": str(folder / "config")}
    environ |= env or {}
    command = [sys.executable, "-m", "paddock", "serve", *arguments, "--port", "0"]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    server = RunningServer(process)
    reader = threading.Thread(target=_listen, args=[server], daemon=True)
    reader.start()
    try:
        if wait:
            until(lambda: "try next" in server.text or process.poll() is not None)
            assert process.poll() is None, server.text
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join(5)
        if process.stdout:
            process.stdout.close()
        if server._client is not None:
            server._client.close()


def until(happened: object, seconds: float = START_SECONDS) -> None:
    """Wait for something that comes; fails when it does not."""
    assert callable(happened)
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _listen(server: RunningServer) -> None:
    for line in server.process.stdout or []:
        server.said.append(line)
