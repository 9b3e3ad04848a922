"""A home of its own for every test of a client: caches, tokens and configuration of nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live import LiveServer

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(shared_server: LiveServer, tmp_path: Path) -> Run:
    """Run a command, or Python source with ``source=``, as a user with an admin token would."""

    def _run(
        *command: str, source: str | None = None, check: bool = True, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        if source is not None:
            command = (sys.executable, "-W", "ignore", "-c", source)
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=240,
            cwd=tmp_path,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                "HF_HOME": str(tmp_path / "hf"),
                "HF_ENDPOINT": shared_server.url,
                "HF_TOKEN": shared_server.admin_token,
                "HF_HUB_DISABLE_UPDATE_CHECK": "1",
                "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                **environ,
            },
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    return _run
