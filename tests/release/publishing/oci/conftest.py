"""A built release to push, once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.release.planning.prepare import Wanted
from paddock.release.publishing.outgoing import Outgoing, outgoing
from paddock.release.releasing import Surroundings, build_wanted
from paddock.starter import starter_folder
from tests.release.publishing.oci.registries import running_registry


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Outgoing:
    home = tmp_path_factory.mktemp("oci")
    around = Surroundings(home / "keys", "http://127.0.0.1:9", None, lambda sentence: None)
    build_wanted(Wanted(starter_folder().parent / "release.yaml"), home / "built", around)
    return outgoing(home / "built")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No account of whoever runs the tests."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()
    return tmp_path / "docker" / "config.json"
