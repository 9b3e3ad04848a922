"""hf-xet by itself, without huggingface_hub, in every generation of its routes and functions."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version

import pytest

from tests.clients.conftest import Run
from tests.clients.installing import PROGRAMS, python_package
from tests.live import LiveServer

# Each asks by other names, or in another order, than the one before it.
OLDER = ("1.1.0", "1.1.10", "1.3.2", "1.5.2")


@pytest.mark.parametrize("version", [*OLDER, "installed"])
def test_files_of_every_kind_go_up_and_come_down(
    run: Run, shared_server: LiveServer, version: str
) -> None:
    environ = {}
    if version not in {"installed", installed_version("hf-xet")}:
        folder = python_package("hf_xet", version, "--no-deps")
        environ["PYTHONPATH"] = str(folder)
    repo = f"boss/by-{version.replace('.', '-')}"
    shared_server.admin_api.create_repo(repo)
    program = str(PROGRAMS / "hf_xet_client.py")
    run(sys.executable, "-W", "ignore", program, repo, **environ)
