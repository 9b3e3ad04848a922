"""What the scanning process can no longer do, tried in a process that gave it up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

START = """
import os, sys, socket, subprocess, ctypes
from pathlib import Path
from paddock.checkpoint.scan.isolated.confinement import confine
from paddock.checkpoint.scan.limits import Limits
folder = Path(sys.argv[1])
confine(folder, Limits(memory_bytes=64 << 20, unpacked_bytes=1 << 20), 0, 0)
"""


def confined(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START + program, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
    )


FORBIDDEN = {
    "a socket": "socket.socket()",
    "a program": "subprocess.run(['true'])",
    "a shell": "os.system('true')",
    "a fork": "os.fork()",
    "a new library": "ctypes.CDLL('libm.so.6')",
    "writing elsewhere": "open('/tmp/outside-of-the-scan', 'w')",
    "removing elsewhere": "os.remove('/tmp/outside-of-the-scan')",
    "memory": "bytearray(256 << 20)",
    "a large file": "(folder / 'a').write_bytes(bytes(2 << 20))",
    "another program in its place": "os.execv('/bin/true', ['true'])",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_scanning_process_has_given_up(what: str, tmp_path: Path) -> None:
    tried = confined(f"{FORBIDDEN[what]}\nprint('done')", tmp_path)
    assert "done" not in tried.stdout
    assert tried.returncode != 0
    assert "given_up" not in tried.stderr


def test_it_may_write_into_its_own_folder_and_read_elsewhere(tmp_path: Path) -> None:
    tried = confined(
        "(folder / 'a').write_text('x'); print(len(open(os.__file__).read()))", tmp_path
    )
    assert tried.returncode == 0, tried.stderr
    assert (tmp_path / "a").read_text() == "x"
