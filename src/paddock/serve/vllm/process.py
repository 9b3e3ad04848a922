"""One ``vllm serve``: started on a socket of its own, watched until it answers, ended with us.

Nobody else on this machine can use it, or answer in its place: it listens on no port but on a
socket in a folder that is ours alone, and wants a key that only we know.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
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
_MAX_PATH_BYTES: Final = 100  # 108 with the socket's name and an end, by unix(7)
BASE_URL: Final = "http://vllm"  # a name is wanted where none is looked up


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

    def __init__(self, process: subprocess.Popen[bytes], socket: Path, key: str) -> None:
        self._process, self.socket, self.key = process, socket, key
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
        shutil.rmtree(self.socket.parent, ignore_errors=True)

    def last_words(self) -> str:
        """The end of what it printed, for the log and the operator."""
        return "\n".join(self._said)

    def _listen(self) -> None:
        for raw in self._process.stdout or ():  # a pipe, see _popen
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
    socket, key = _private_folder() / "s", secrets.token_urlsafe(32)
    arguments = ["serve", str(command.model), "--uds", str(socket), *command.arguments]
    process = VllmProcess(_popen([program, *arguments], key), socket, key)
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
    transport = httpx2.AsyncHTTPTransport(uds=str(process.socket))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL, timeout=5.0) as client:
        while True:
            if not process.is_alive:
                log.error("vllm ended while it started", said=process.last_words())
                words = process.last_words().splitlines()
                told = f": {words[-1][:300]}" if words else ""
                raise VllmFailed(f"vLLM ended while it started{told}")
            try:
                answer = await client.get("/health")
                if answer.status_code == 200:
                    return
            except httpx2.HTTPError:
                pass  # not yet
            await asyncio.sleep(_LOOK_SECONDS)


def _private_folder() -> Path:
    """Only we can enter it; a socket's path may have some hundred bytes, wherever they would be."""
    folder = tempfile.mkdtemp(prefix="paddock-")
    if len(os.fsencode(folder)) < _MAX_PATH_BYTES:
        return Path(folder)
    Path(folder).rmdir()
    return Path(tempfile.mkdtemp(prefix="paddock-", dir="/tmp"))
