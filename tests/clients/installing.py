"""Clients that the project does not install itself, put where tests of all processes find them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PROGRAMS = Path(__file__).parent / "programs"
_INSTALLED = REPOSITORY / ".stamps" / "clients"
_SECONDS = 300
_PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--target", "."]
JAVASCRIPT = "@huggingface/hub@2.17.5"


def python_package(package: str, version: str, *options: str) -> Path:
    """A folder for ``PYTHONPATH`` with that package; the test is skipped where there is none."""
    return _installed(f"{package}-{version}", [*_PIP, *options, f"{package}=={version}"])


def javascript_package(name: str, package: str) -> Path:
    """A folder of that name whose programs may import the package; the same when there is none."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm here")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", package]
    return _installed(name, command)


def javascript_program(name: str) -> Path:
    """A program of ``PROGRAMS``, put where it finds JavaScript's @huggingface/hub."""
    program = javascript_package("javascript", JAVASCRIPT) / name
    source = PROGRAMS / name
    if not program.exists() or program.read_bytes() != source.read_bytes():
        copied = program.with_suffix(f".{os.getpid()}")  # another process may be reading the old
        shutil.copyfile(source, copied)
        copied.rename(program)
    return program


def _installed(name: str, command: list[str]) -> Path:
    folder = _INSTALLED / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".done").exists():
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS
            )
            if done.returncode:
                pytest.skip(f"{name} cannot be installed here: {done.stderr[-300:]}")
            (folder / ".done").touch()
    return folder
