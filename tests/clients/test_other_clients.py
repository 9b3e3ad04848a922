"""Clients of other ages and languages: older huggingface_hub, and JavaScript's @huggingface/hub."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import Run
from tests.conftest import REPOSITORY

PROGRAMS = Path(__file__).parent / "programs"
INSTALLED = REPOSITORY / ".stamps" / "clients"
JAVASCRIPT = "@huggingface/hub@2.17.5"
OLDER = ("0.34.4", "0.36.2")  # before and after the clients asked LFS which transfer to use
INSTALL_SECONDS = 300


def installed(name: str, command: list[str]) -> Path:
    """A folder in which ``command`` has installed a client, once for all test processes."""
    folder = INSTALLED / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".done").exists():
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS
            )
            if done.returncode:
                pytest.skip(f"{name} cannot be installed here: {done.stderr[-300:]}")
            (folder / ".done").touch()
    return folder


@pytest.mark.parametrize("xet", ["0", "1"], ids=["with Xet", "without Xet"])
@pytest.mark.parametrize("version", OLDER)
def test_an_older_huggingface_hub_works_unmodified(run: Run, version: str, xet: str) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", "."]
    folder = installed(f"huggingface_hub-{version}", [*pip, f"huggingface_hub=={version}"])
    run(
        sys.executable,
        str(PROGRAMS / "older_client.py"),
        f"boss/older-{version.replace('.', '-')}-{xet}",
        PYTHONPATH=str(folder),
        HF_HUB_DISABLE_XET=xet,
    )


def test_the_javascript_client_works_unmodified(run: Run) -> None:
    if shutil.which("npm") is None:
        pytest.skip("there is no npm here")
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", JAVASCRIPT]
    folder = installed("javascript", npm)
    program = folder / "client.mjs"
    if (
        not program.exists()
        or program.read_text() != (PROGRAMS / "javascript_client.mjs").read_text()
    ):
        shutil.copyfile(PROGRAMS / "javascript_client.mjs", program)
    run("node", str(program), "boss/javascript", PATH=os.environ["PATH"])
