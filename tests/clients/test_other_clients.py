"""Clients of other ages and languages: older huggingface_hub, and JavaScript's @huggingface/hub."""

from __future__ import annotations

import os
import sys

import pytest

from tests.clients.conftest import Run
from tests.clients.installing import PROGRAMS, javascript_program, python_package

OLDER = ("0.34.4", "0.36.2")  # before and after the clients asked LFS which transfer to use


@pytest.mark.parametrize("xet", ["0", "1"], ids=["with Xet", "without Xet"])
@pytest.mark.parametrize("version", OLDER)
def test_an_older_huggingface_hub_works_unmodified(run: Run, version: str, xet: str) -> None:
    folder = python_package("huggingface_hub", version)
    run(
        sys.executable,
        str(PROGRAMS / "older_client.py"),
        f"boss/older-{version.replace('.', '-')}-{xet}",
        PYTHONPATH=str(folder),
        HF_HUB_DISABLE_XET=xet,
    )


def test_the_javascript_client_works_unmodified(run: Run) -> None:
    program = javascript_program("javascript_client.mjs")
    run("node", str(program), "boss/javascript", PATH=os.environ["PATH"])
