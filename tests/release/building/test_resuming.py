"""A build that is killed goes on where it was, and ends in the bytes of one that was not."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from paddock.errors import PaddockError
from paddock.release.building.inputs import BuiltRelease
from paddock.release.building.work_folder import BuildRunning, opened_work, work_path
from paddock.release.errors import GateRefused
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, build_wanted, publish_release
from tests.conftest import REPOSITORY
from tests.release.building.small import small_release
from tests.release.building.test_build import contents

WORK = ".Shop-1.0.0.work"
KILLS = "5,22,12,weights+files+scan"  # the calls of fsync that four attempts do not survive
OUTPUTS = """artifacts:
  source: {path: model}
  outputs: [{format: safetensors}, {id: q8, format: gguf, quant: Q8_0, max_kl: 1}]
"""


def built(folder: Path) -> BuiltRelease:
    around = Surroundings(folder.parent / "home", "", None, progress=lambda _: None)
    return build_wanted(Wanted(folder / "release.yaml"), folder / "out", around)


def test_a_build_that_is_killed_anywhere_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path,
) -> None:
    for name in ("whole", "killed"):
        small_release(tmp_path / name, OUTPUTS)
    built(tmp_path / "whole")
    folder = tmp_path / "killed"
    paths = [folder / "release.yaml", tmp_path / "home", folder / "out", folder / WORK]
    command = [sys.executable, "-m", "tests.release.building.driver", *map(str, paths), KILLS]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    *killed, last = json.loads(ran.stdout)
    assert [status for status, _, _ in killed] == [signal.SIGKILL] * len(killed)
    assert (last[0], last[2]) == (0, {})  # the work is gone
    for (_, _, before), (_, said, after) in itertools.pairwise(killed):
        assert {name: after.get(name) for name in before} == before  # none was done again
        assert "scanning" not in said or "scan.json" not in before
    assert {"weights.json", "files.json", "scan.json"} <= killed[-1][2].keys()
    assert "scanning" not in last[1]
    assert contents(folder / "out") == contents(tmp_path / "whole" / "out")
    assert sorted(path.name for path in folder.iterdir()) == ["model", "out", "release.yaml"]


def test_a_source_that_changed_is_not_taken_for_what_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    small_release(folder, "gate: {approvals: {required: 1}}")
    (folder / "model" / "recipe.json").write_text('{"steps": 1}')
    with pytest.raises(GateRefused):
        built(folder)
    kept = folder / ".Shop-1.0.0.work" / "candidate"
    assert (kept / "recipe.json").read_text() == '{"steps": 1}'
    (folder / "model" / "recipe.json").write_text('{"steps": 2}')
    with pytest.raises(GateRefused):
        built(folder)
    assert (kept / "recipe.json").read_text() == '{"steps": 2}'
    assert not (kept / "release.json").exists()


def test_a_publication_that_failed_goes_on_without_building_again(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    path = small_release(folder, "publish: [{to: folder, path: shelf/shop}]")
    said: list[str] = []
    around = Surroundings(tmp_path / "home", "", None, progress=said.append)
    (folder / "shelf").write_text("in the way")
    with pytest.raises((OSError, PaddockError)):
        publish_release(Wanted(path), around)
    assert (folder / WORK / "candidate" / "release.json").exists()
    (folder / "shelf").unlink()
    said.clear()
    assert publish_release(Wanted(path), around)[0]["changed"]
    assert not any("scanning" in line for line in said)
    assert (folder / "shelf" / "shop" / "release.json").exists()
    assert not (folder / WORK).exists()


def test_two_builds_of_one_release_do_not_meet(tmp_path: Path) -> None:
    small_release(tmp_path / "one", "")
    work = work_path("Shop", "1.0.0", tmp_path / "one", tmp_path / "one" / "model", tmp_path)
    with opened_work(work), pytest.raises(BuildRunning):
        built(tmp_path / "one")
    assert built(tmp_path / "one").name == "Shop"


def test_work_never_lies_in_the_source(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    inside = work_path("Shop", "1.0.0", tmp_path / "model", tmp_path / "model", cache)
    assert inside.is_relative_to(cache)
    beside = work_path("Shop", "1.0.0", tmp_path, tmp_path / "model", cache)
    assert beside == tmp_path / ".Shop-1.0.0.work"
