"""Cases that the release gate and the verifier judge: nothing is built, nothing is trusted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddock.release.files import folder as release_folder
from paddock.release.verifying import contents
from tests.attacks.corpus import signatures
from tests.attacks.corpus.case import Case, Judge, write_tree
from tests.attacks.corpus.everything import cases
from tests.attacks.corpus.release_trees import release
from tests.cli.conftest import Paddock
from tests.cli.conftest import paddock as paddock  # a fixture

OLDER, SWAPPED = 154, 161
# What no plan can see: it shows when the bytes of the release are there.
SEEN_IN_THE_BUILD = {164}


def _title(case: Case) -> str:
    return f"{case.number:03} {case.title}"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


def test_the_folder_that_the_cases_change_is_released_as_it_is(
    tmp_path: Path, paddock: Paddock
) -> None:
    folder = write_tree(tmp_path / "model", release({}))
    assert paddock("release", "plan", folder)[0] == 0
    code, out, _ = paddock("release", "build", folder, "-o", tmp_path / "out", "--json")
    assert code == 0
    assert json.loads(out)["version"] == "1.0.0"


@pytest.mark.parametrize("case", cases(Judge.RELEASE), ids=_title)
def test_the_gate_refuses_and_nothing_is_built(
    case: Case, tmp_path: Path, paddock: Paddock
) -> None:
    for name, tree in case.variants():
        folder, out = write_tree(tmp_path / name, tree), tmp_path / f"{name}-out"
        code, _, error = paddock("release", "plan", folder, "--json")
        assert code in (1, 5) or case.number in SEEN_IN_THE_BUILD, (name, error)
        code, _, error = paddock("release", "build", folder, "-o", out)
        assert code in (1, 5), name
        assert "error: " in error, name
        assert "failed where it should not" not in error, error
        assert not out.exists(), name


@pytest.mark.parametrize("case", cases(Judge.VERIFY), ids=_title)
def test_the_verifier_trusts_none(
    case: Case, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect = ("--expect", "tiny@1.1.0") if case.number == OLDER else ()
    for name, tree in case.variants():
        folder = write_tree(tmp_path / name, tree)
        if case.number == SWAPPED:
            _swap_after_hashing(monkeypatch, folder / "release")
        code, out, error = paddock(
            "verify", folder / "release", "--trust", folder / "trust.pem", "--json", *expect
        )
        assert code == 1, (name, out)
        assert error == "", (name, error)
        verdict = json.loads(out)
        assert verdict["verdict"] in {"untrusted", "tampered", "unsigned", "invalid", "stale"}, name
        assert verdict["reasons"], name


def test_the_release_that_the_cases_change_is_trusted_as_it_is(
    tmp_path: Path, paddock: Paddock
) -> None:
    folder = write_tree(tmp_path, signatures.attacked())
    code, out, _ = paddock("verify", folder / "release", "--trust", folder / "trust.pem")
    assert (code, out[:8]) == (0, "trusted:")


def _swap_after_hashing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Another file is put in place between reading the bytes and the verdict."""
    hash_files = release_folder.digest_files

    def hash_then_swap(root_fd: int, paths: list[str], digest: Callable[..., Any]) -> object:
        result = hash_files(root_fd, paths, digest)
        (folder / "new.json").write_bytes(b"{}")
        (folder / "new.json").replace(folder / "config.json")
        return result

    monkeypatch.setattr(contents, "digest_files", hash_then_swap)
