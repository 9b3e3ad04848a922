"""A foreign program under limits of processor time, memory, output and clock.

Knows nothing of what it runs. The program gets an empty home, no secrets of the environment and no
standard input; it and everything it started are ended when the time is over. What it may do beyond
that is for whoever installed it to judge: it runs as the user.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_READ_BYTES = 1 << 16
# Sets the limits in the new process and then becomes the program: a function that runs between
# fork and exec could deadlock in a program with threads.
_LAUNCHER = """
import os, resource, sys
seconds, memory, written = map(int, sys.argv[1:4])
for name, limit in (("CPU", seconds), ("AS", memory), ("FSIZE", written), ("CORE", 0)):
    resource.setrlimit(getattr(resource, "RLIMIT_" + name), (limit, limit))
os.execv(sys.argv[4], sys.argv[4:])
"""


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What one run of a foreign program may take."""

    seconds: int = 60  # of the clock, and of the processor
    memory_bytes: int = 4 << 30  # of address space
    output_bytes: int = 1 << 20  # of both its streams together
    written_bytes: int = 1 << 30  # largest file it may write


class Ran(NamedTuple):
    """How a program ended."""

    code: int | None  # None: it was ended by us
    output: str  # both streams, at most as much as is allowed
    ended_because: str = ""


def run_limited(command: Sequence[str], folder: Path, limits: RunLimits) -> Ran:
    """Run ``command`` (an absolute path first) in ``folder``; never raises for what it does."""
    numbers = (limits.seconds, limits.memory_bytes, limits.written_bytes)
    launch = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *map(str, numbers), *command]
    process = subprocess.Popen(  # noqa: S603 - the user named the program
        launch,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8",
             "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        output, because = _collect(process, limits)
    finally:
        _end(process)
    code = None if because else process.returncode
    return Ran(code, output.decode("utf-8", "replace"), because)


def _collect(process: subprocess.Popen[bytes], limits: RunLimits) -> tuple[bytes, str]:
    """Its output until it ends by itself, and why we stopped reading if it did not."""
    deadline, output = time.monotonic() + limits.seconds, b""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with process.stdout as stream, selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(min(left, 1.0)):
                continue
            piece = os.read(stream.fileno(), _READ_BYTES)
            if not piece:
                break
            output += piece
            if len(output) > limits.output_bytes:
                return output[: limits.output_bytes], f"it printed over {limits.output_bytes} bytes"
        try:
            process.wait(max(deadline - time.monotonic(), 0.001))
        except subprocess.TimeoutExpired:
            return output, f"it took over {limits.seconds} seconds"
    return output, ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of its session, also children that outlive it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
