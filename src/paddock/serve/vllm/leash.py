"""Runs a program for as long as somebody holds the other end of our standard input.

``python -m paddock.serve.vllm.leash PROGRAM ARGUMENT…`` leads a process group of its own. When its
standard input ends, because the server closed it or is gone however that came, the whole group is
told to end, and made to after a while. Where we are killed ourselves, Linux tells the program.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

GRACE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.2
_PR_SET_PDEATHSIG: Final = 1  # of Linux's prctl


def main(arguments: list[str]) -> int:
    """Run the program; its exit code, or 0 when it was ended by us."""
    tell_when_parent_dies = _death_signal()
    with suppress(PermissionError):  # we lead the group already
        os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the group's is for the program

    def prepare() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        tell_when_parent_dies()

    child = subprocess.Popen(  # noqa: S603  (the operator's own program)
        arguments, stdin=subprocess.DEVNULL, preexec_fn=prepare
    )
    while child.poll() is None:
        readable, _, _ = select.select([sys.stdin.fileno()], [], [], _POLL_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 4096):
            _end(child)
            return 0
    code = child.returncode
    # What it started may outlive it and hold the memory: nothing of it stays.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    return code if code >= 0 else 128 - code


def _end(child: subprocess.Popen[bytes]) -> None:
    os.killpg(0, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    os.killpg(0, signal.SIGKILL)  # ourselves, too


def _death_signal() -> Callable[[], object]:
    """What a child does so that it gets SIGTERM when we die; nothing where there is no such thing.

    The library is opened before there is a child: little is safe between fork and exec.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as e:
        sys.exit(f"{sys.argv[1]}: {e.strerror}")
