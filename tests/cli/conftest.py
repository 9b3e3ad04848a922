"""The command line in the test's own process: quick, and with everything it printed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Protocol

import pytest
import structlog

from paddock.cli import main


class Paddock(Protocol):
    """Runs a command; gives exit code, standard output and standard error."""

    def __call__(self, *arguments: object) -> tuple[int, str, str]: ...


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a command leaves in the process of the tests, and what it finds there."""
    # A conversion counts what its process holds; this one has run a thousand other tests.
    monkeypatch.setenv("PADDOCK_CONVERT_MEMORY", str(16 << 30))
    yield
    # Else later tests would log to a stream that was closed with the test that ran a command.
    structlog.reset_defaults()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


@pytest.fixture
def paddock(capsys: pytest.CaptureFixture[str], in_process: None) -> Paddock:
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        code = stopped.value.code
        assert isinstance(code, int)
        return code, out, err

    return run
