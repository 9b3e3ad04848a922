"""Runs a program for as long as somebody holds the other end of our standard input.

``python -m paddock.serve.vllm.leash PROGRAM ARGUMENT…`` leads a process group of its own. When its
standard input ends, because the server closed it or is gone however that came, the whole group is
told to end, and made to after a while.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Final

GRACE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.2


def main(arguments: list[str]) -> int:
    """Run the program; its exit code, or 0 when it was ended by us."""
    with suppress(PermissionError):  # we lead the group already
        os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the group's is for the program
    child = subprocess.Popen(  # noqa: S603  (the operator's own program)
        arguments, stdin=subprocess.DEVNULL, preexec_fn=_default_signals
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


def _default_signals() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as e:
        sys.exit(f"{sys.argv[1]}: {e.strerror}")
