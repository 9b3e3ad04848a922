"""The command line in the test's own process: quick, and with everything it printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest
import structlog

from paddock.cli import main


class Paddock(Protocol):
    """Runs a command; gives exit code, standard output and standard error."""

    def __call__(self, *arguments: object) -> tuple[int, str, str]: ...


@pytest.fixture(autouse=True)
def _logs_again() -> Iterator[None]:
    """Else later tests would log to a stream that was closed with the test that ran a command."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _room_beside_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversion counts what its process holds; this one has run a thousand other tests."""
    monkeypatch.setenv("PADDOCK_CONVERT_MEMORY", str(16 << 30))


@pytest.fixture
def paddock(capsys: pytest.CaptureFixture[str]) -> Paddock:
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        code = stopped.value.code
        assert isinstance(code, int)
        return code, out, err

    return run
