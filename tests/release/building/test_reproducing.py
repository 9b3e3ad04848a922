"""The same inputs and keys give the same bytes, whatever the machine, the user and the hour are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, build_wanted
from paddock.release.verifying.verify import verify_folder
from paddock.signing.keys import load_trust
from tests.conftest import REPOSITORY
from tests.release.building.small import small_release
from tests.release.building.test_build import contents

SECTIONS = """lineage: {base_model: [{id: acme/base, license: apache-2.0, revision: abc}]}
artifacts:
  source: {path: model}
  outputs:
    - {id: own, format: safetensors}
    - {id: half, format: safetensors, dtype: F16, shard_size: 2MB}
    - {id: q8, format: gguf, quant: Q8_0, max_kl: 1}
    - {id: q4, format: gguf, quant: q4_k_m, from: half}
"""
ELSEWHERE = {
    "TZ": "Asia/Tokyo",
    "LANG": "C",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "7",
    "BACKWARDS": "1",
}


def test_another_machine_makes_the_same_bytes(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "far" / "there"
    for folder in (here, there):
        small_release(folder, SECTIONS)
    for path in sorted((there / "model").iterdir(), reverse=True):
        path.write_bytes(path.read_bytes())
        path.chmod(0o600)
        os.utime(path, (1, 1))
    home = tmp_path / "home"
    around = Surroundings(home, "", None, progress=lambda _: None)
    build_wanted(Wanted(here / "release.yaml"), here / "out", around)
    paths = [Path("release.yaml"), home, there / "result", there / ".Shop-1.0.0.work"]
    subprocess.run(
        [sys.executable, "-m", "tests.release.building.driver", *map(str, paths), ""],
        cwd=there, env={**os.environ, **ELSEWHERE, "PYTHONPATH": str(REPOSITORY)}, umask=0o077,
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert contents(there / "result") == contents(here / "out")
    modes = {(p.is_dir(), p.stat().st_mode & 0o777) for p in (there / "result").rglob("*")}
    assert modes == {(False, 0o644), (True, 0o755)}
    assert verify_folder(there / "result", load_trust(None, home)).is_trusted
