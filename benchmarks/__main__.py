"""Every benchmark, one after the other: ``make bench``, or ``python -m benchmarks --quick``.

Each is a process of its own, so that none warms up for the next. Tables go to the terminal, JSON
into ``build/benchmarks``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

# Name of the module, and what makes it take seconds rather than minutes.
BENCHMARKS = {
    "start_time": ["--rounds", "1"],
    "scan": ["--bytes", "20000000", "--rounds", "1"],
    "commit_small_files": ["--files", "200", "--rounds", "1"],
    "git_clone": ["--commits", "300", "--files", "20", "--rounds", "1"],
    "hub_transfer": ["--large-bytes", "12000000", "--small-files", "20", "--rounds", "1"],
    "xet": [
        *("--bytes", "6000000", "--checkpoints", "2", "--checkpoint-bytes", "4000000"),
        *("--file-bytes", "1000000000", "--requests", "40", "--rounds", "1"),
        *("--contents", "noise", "--scenarios", "1", "--without", "hub by LFS"),
        *("hub by Xet, new machines", "--parts", "transfers", "versions", "reconstruction"),
    ],
    "release_1gb": ["--layers", "1", "--vocabulary", "300", "--rounds", "1"],
    "convert": ["--gigabytes", "0.02", "--rounds", "1"],
    "verify": ["--bytes", "20000000", "--small-files", "200", "--rounds", "1"],
    "catalogue_scale": ["--sizes", "300", "--databases", "sqlite", "--requests", "40"],
    "pages_browser": ["--rounds", "1", "--only", "home"],
    "pages": [
        *("--repositories", "300", "--databases", "sqlite", "--requests", "4", "--clients", "2"),
        *("--discussions", "1"),
    ],
    "backup": ["--repositories", "300", "--databases", "sqlite", "--acts", "100"],
    "scan_corpus": ["--numbers", "1", "14", "27"],
    "leak_check": ["--sizes", "64", "--tries", "2", "--pairs", "20", "--gigabytes", "0.02"],
    "memory_soak": ["--requests", "120", "--warm-up", "60", "--repositories", "3"],
    "s3_transfer": ["--large-bytes", "12000000", "--rounds", "1"],
    "quantise": ["--elements", "1048576", "--rounds", "1"],
    "products": ["--megabytes", "20", "--rows", "1", "16", "128", "--rounds", "1"],
    "engine": [
        *("--shapes", "tiny", "--precisions", "bfloat16", "int4", "--rounds", "1"),
        *("--prefill", "64", "--batches", "1", "4", "--new", "8", "--prompt", "16"),
    ],
    "engine_step": [
        *("--shapes", "135M", "--layers", "2", "--precisions", "int4", "--seconds", "0.1"),
        *("--before", "64", "--prefills", "64", "--batches", "1", "8"),
    ],
    "engine_start": [
        *("--gigabytes", "0.02", "--precision", "int8", "--rounds", "1"),
        "--without-transformers",
    ],
    "engine_scheduler": ["--waiting", "100", "--rounds", "1"],
    "engine_sampling": ["--vocabularies", "4096", "--rows", "1", "--rounds", "1"],
    "serving": [
        *("--shape", "tiny", "--streams", "4", "--prompt", "16", "--new", "8", "--rounds", "1"),
    ],
    "engine_gpu": ["--layers", "1", "--rounds", "1"],
    "sending_path": ["--bytes", "12000000", "--rounds", "1"],
}
_WITHOUT_JSON = {"sending_path"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all?")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name, quick in BENCHMARKS.items():
        command = [sys.executable, "-m", f"benchmarks.{name}", *(quick if options.quick else [])]
        if name not in _WITHOUT_JSON:
            command += ["--json", str(options.output / f"{name}.json")]
        print(f"== {' '.join(command[2:])}", flush=True)
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
