"""The commands behind docs/benchmarks.md still run; what they measure is not judged here."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import BENCHMARKS

ROOT = Path(__file__).parents[1]
IN_C = {"products", "engine", "engine_step", "serving"}  # ours, or the floors beside it


@pytest.mark.parametrize(
    "name",
    [
        "start_time",
        "commit_small_files",
        "git_clone",
        "hub_transfer",
        "s3_transfer",
        "xet",
        "release_1gb",
        "convert",
        "catalogue_scale",
        "pages",
        "backup",
        "memory_soak",
        "quantise",
        "products",
        "engine",
        "engine_step",
        "engine_start",
        "engine_scheduler",
        "engine_sampling",
        "serving",
    ],
)
def test_a_benchmark_runs_at_a_small_size(name: str, tmp_path: Path) -> None:
    if name == "hub_transfer" and not (shutil.which("nginx") and shutil.which("curl")):
        pytest.skip("needs nginx and curl")
    if name in IN_C and shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    found = tmp_path / "figures.json"
    command = [sys.executable, "-m", f"benchmarks.{name}", *BENCHMARKS[name]]
    done = subprocess.run(
        [*command, "--json", found, "--folder", tmp_path], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(found.read_text())["figures"]
    assert figures
    assert all(figure["what"] in done.stdout and figure["value"] >= 0 for figure in figures)
