"""One server for a file of tests, over a model that says what a test wants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.scripted_model import ScriptedBackend, ScriptedLoader, scripted
from tests.serve.api.live_api import LiveApi, live_api


@pytest.fixture(scope="module")
def _scripted_server() -> Iterator[tuple[LiveApi, ScriptedBackend]]:
    served, backend = scripted()
    with live_api(lambda: ScriptedLoader(backend, served)) as api:
        yield api, backend


@pytest.fixture
def api(_scripted_server: tuple[LiveApi, ScriptedBackend]) -> LiveApi:
    return _scripted_server[0]


@pytest.fixture
def model(_scripted_server: tuple[LiveApi, ScriptedBackend]) -> ScriptedBackend:
    """What the model says is ``model.script``; it says Hello! again for every test."""
    backend = _scripted_server[1]
    backend.script = lambda _asked: "Hello!"
    backend.asked, backend.error, backend.tokens_at_once, backend.given = [], None, 1, 0
    backend.ends_with_tokens = False
    return backend
