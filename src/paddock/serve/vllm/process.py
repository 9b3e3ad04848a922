"""One ``vllm serve``: started on a private port, watched until it answers, ended with us.

Nobody else on this machine can use it: it wants a key that only we know, and listens on the
loopback address alone.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path
from threading import Thread
from typing import Final, NamedTuple

import httpx2

from paddock.errors import Unavailable, shown
from paddock.log import get_logger
from paddock.serve.vllm.leash import GRACE_SECONDS

log = get_logger("serve")

START_SECONDS: Final = 1800.0  # a large model is read, and graphs are captured, for minutes
_LOOK_SECONDS: Final = 0.25
_KEPT_LINES: Final = 50
_LAST_WORDS_SECONDS: Final = 2.0


class NoVllm(Unavailable):
    """vLLM is not installed where we look for it."""

    code = "no_vllm"


class VllmFailed(Unavailable):
    """vLLM did not start, or ended by itself."""

    code = "vllm_failed"


class Command(NamedTuple):
    """What to start."""

    program: str
    model: Path
    arguments: tuple[str, ...]


class VllmProcess:
    """A running ``vllm serve``; see the module."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, key: str) -> None:
        self._process, self.url, self.key = process, url, key
        self._said: deque[str] = deque(maxlen=_KEPT_LINES)
        self._listener = Thread(target=self._listen, name="vllm-output", daemon=True)
        self._listener.start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End it and all it started; blocks until it has."""
        if self._process.stdin is not None:
            self._process.stdin.close()  # the leash lets go
        try:
            self._process.wait(GRACE_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(_LAST_WORDS_SECONDS)
        if self._process.stdout is not None and not self._listener.is_alive():
            self._process.stdout.close()

    def last_words(self) -> str:
        """The end of what it printed, for the log and the operator."""
        return "\n".join(self._said)

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  (a pipe, see _popen)
        for raw in self._process.stdout:
            line = raw[:2000].decode("utf-8", "replace").rstrip()
            self._said.append(line)
            log.debug("vllm says", line=line)


async def start_vllm(command: Command, *, start_seconds: float = START_SECONDS) -> VllmProcess:
    """Start it and wait until it answers; raises NoVllm, VllmFailed."""
    program = shutil.which(command.program)
    if program is None:
        raise NoVllm(
            f"there is no program {shown(command.program)} to run vLLM with",
            hint="install vLLM, or set PADDOCK_VLLM to its program",
        )
    port, key = _free_port(), secrets.token_urlsafe(32)
    process = VllmProcess(
        _popen([program, *_arguments(command, port)], key), f"http://127.0.0.1:{port}", key
    )
    try:
        async with asyncio.timeout(start_seconds):
            await _healthy(process)
    except TimeoutError:
        await asyncio.to_thread(process.close)
        raise VllmFailed(f"vLLM was not ready within {start_seconds:g} seconds") from None
    except BaseException:
        await asyncio.to_thread(process.close)
        raise
    return process


def _arguments(command: Command, port: int) -> list[str]:
    where = ["--host", "127.0.0.1", "--port", str(port)]
    return ["serve", str(command.model), *where, *command.arguments]


def _popen(arguments: list[str], key: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  (the operator's own program)
        [sys.executable, "-m", "paddock.serve.vllm.leash", *arguments],
        env={**os.environ, "VLLM_API_KEY": key},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


async def _healthy(process: VllmProcess) -> None:
    async with httpx2.AsyncClient(timeout=5.0, trust_env=False) as client:
        while True:
            if not process.is_alive:
                log.error("vllm ended while it started", said=process.last_words())
                words = process.last_words().splitlines()
                told = f": {words[-1][:300]}" if words else ""
                raise VllmFailed(f"vLLM ended while it started{told}")
            try:
                answer = await client.get(f"{process.url}/health")
                if answer.status_code == 200:
                    return
            except httpx2.HTTPError:
                pass  # not yet
            await asyncio.sleep(_LOOK_SECONDS)


def _free_port() -> int:
    """Free now; should somebody take it first, vLLM says so and is started again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
