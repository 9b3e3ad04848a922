"""Commands as a new user's shell would run them, without the start of a process for each."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
import structlog

from paddock.cli import main


def run(
    folder: Path, *arguments: str, stdin: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run ``paddock`` in ``folder``, which is the home of a user who has set ``environ`` alone."""
    out, err = io.StringIO(), io.StringIO()
    with (
        _in(folder, environ),
        mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            with pytest.raises(SystemExit) as stopped:
                main(arguments)
        finally:
            structlog.reset_defaults()  # else later lines would go to what is closed here
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    code = stopped.value.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _in(folder: Path, environ: dict[str, str]) -> Iterator[None]:
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **environ}
    with contextlib.chdir(folder), mock.patch.dict(os.environ, environ, clear=True):
        yield
