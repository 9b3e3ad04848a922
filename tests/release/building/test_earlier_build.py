"""What was just built is published as it is, and not made a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paddock.release.building import candidate, checking, measuring, weights
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, build_wanted, publish_release
from paddock.release.verifying.verify import verify_folder
from paddock.signing.keys import load_trust
from tests.release.building.small import small_release
from tests.release.building.test_build import contents

OUTPUTS = """artifacts:
  source: {path: model}
  outputs: [{id: full}, {id: q8, format: gguf, quant: Q8_0, max_kl: 1}]
publish: [{to: folder, path: shelf/shop}]
"""
EXPENSIVE = (
    (weights, "convert_all"),
    (candidate, "scan_files"),
    (checking, "try_out"),
    (measuring, "logits_of"),
)


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    return Surroundings(tmp_path / "home", "", None, progress=lambda _: None)


def forbid(monkeypatch: pytest.MonkeyPatch, *parts: tuple[Any, str]) -> list[str]:
    """Whatever of these is called is listed."""
    called: list[str] = []
    for module, name in parts:
        before = getattr(module, name)

        def call(*given: Any, _before: Any = before, _name: str = name) -> Any:
            called.append(_name)
            return _before(*given)

        monkeypatch.setattr(module, name, call)
    return called


def test_publishing_what_was_built_does_no_work_again(
    tmp_path: Path, around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out, shelf = small_release(tmp_path, OUTPUTS), tmp_path / "out", tmp_path / "shelf"
    build_wanted(Wanted(path), out, around)
    called = forbid(monkeypatch, *EXPENSIVE)
    before = contents(out)
    assert publish_release(Wanted(path), around)[0]["changed"]
    assert called == []
    assert contents(shelf / "shop") == contents(out) == before
    assert {each.stat().st_nlink for each in shelf.rglob("*") if each.is_file()} == {1}


def test_building_into_the_same_folder_again_does_no_work_again(
    tmp_path: Path, around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_release(tmp_path, OUTPUTS)
    build_wanted(Wanted(path), tmp_path / "out", around)
    called = forbid(monkeypatch, *EXPENSIVE)
    build_wanted(Wanted(path), tmp_path / "out", around)
    assert called == []
    build_wanted(Wanted(path), tmp_path / "other", around)  # two folders share no file
    assert "convert_all" in called
    files = [each for each in (tmp_path / "other").rglob("*") if each.is_file()]
    assert {each.stat().st_nlink for each in files} == {1}


@pytest.mark.parametrize("change", ["its files", "the source", "release.yaml"])
def test_what_is_something_else_by_now_is_made_again(
    tmp_path: Path, around: Surroundings, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path, out = small_release(tmp_path, OUTPUTS), tmp_path / "out"
    build_wanted(Wanted(path), out, around)
    if change == "its files":
        (quantised,) = out.glob("*.gguf")
        quantised.write_bytes(quantised.read_bytes()[:-1] + b"x")
    elif change == "the source":
        (tmp_path / "model" / "model.safetensors").touch()
    else:
        path.write_text(path.read_text().replace("Q8_0", "Q4_0"))
    called = forbid(monkeypatch, *EXPENSIVE)
    publish_release(Wanted(path), around)
    assert "convert_all" in called
    assert verify_folder(
        tmp_path / "shelf" / "shop", load_trust(None, around.config_home)
    ).is_trusted
