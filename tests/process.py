"""``paddock up`` as a process of its own, the way a person or a script starts it."""

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

START_SECONDS = 120.0


@dataclass
class RunningHub:
    """A server process and what it told the person who started it."""

    process: subprocess.Popen[str]
    data: Path
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self._told(r"ready at (\S+)")

    @property
    def admin(self) -> str:
        return self._told(r"first account: (\S+)")

    @property
    def token(self) -> str:
        return self._told(r"its token: +(\S+)")

    def _told(self, pattern: str) -> str:
        found = re.search(pattern, "".join(self.said))
        assert found, "".join(self.said)
        return found[1]


@contextmanager
def running_hub(
    folder: Path,
    *,
    starter: bool = False,
    database_url: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[RunningHub]:
    """Run until the block ends; ready when it has printed what to try next."""
    environ = {**os.environ, "HOME": str(folder), "HF_HOME": str(folder / "hf")}
    environ |= {f"PADDOCK_{name.upper()}": value for name, value in (settings or {}).items()}
    if database_url:
        environ["PADDOCK_DATABASE_URL"] = database_url
    command = [sys.executable, "-m", "paddock", "up", "--data", str(folder / "data"), "--port", "0"]
    process = subprocess.Popen(
        command if starter else [*command, "--no-starter"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    hub = RunningHub(process, folder / "data")
    reader = threading.Thread(target=_listen, args=[hub], daemon=True)
    reader.start()
    try:
        _wait(hub)
        yield hub
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
        reader.join(5)
        if process.stdout:
            process.stdout.close()


def _listen(hub: RunningHub) -> None:
    for line in hub.process.stdout or []:
        hub.said.append(line)


def _wait(hub: RunningHub) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not any("try next" in line or "make a token" in line for line in hub.said):
        if hub.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start: {''.join(hub.said)}")
        time.sleep(0.02)
