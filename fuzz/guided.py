"""One reader under atheris, which looks for inputs that reach new lines.

Optional: ``pip install 'paddock[fuzz]'``. Ends the process itself, with an error at the first
finding, whose input it leaves beside its corpus.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from fuzz.campaign import FINDINGS, MEMORY_BYTES, SECONDS


def is_available() -> bool:
    """Whether atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


def run_guided(reader: str, runs: int, seconds: int) -> None:
    """Fuzz until so many inputs, so many seconds, or the first finding."""
    import atheris

    with atheris.instrument_imports(include=["paddock.checkpoint"]):
        targets = importlib.import_module("fuzz.targets")
    target = targets.TARGETS[reader]
    corpus = FINDINGS / "corpus" / reader
    corpus.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(target.samples()):
        (corpus / f"sample-{number}").write_bytes(sample)
    folder = Path("/dev/shm") / f"paddock-fuzz-{reader}"  # atheris ends the process: used again
    folder.mkdir(exist_ok=True)

    def try_one(content: bytes) -> None:
        packed = target.pack(content) if target.pack else content
        targets.is_accepted(target, packed, folder)

    limits = [
        f"-runs={runs}" if runs else "-runs=-1",
        f"-max_total_time={seconds}",
        f"-timeout={SECONDS:.0f}",
        f"-rss_limit_mb={(MEMORY_BYTES >> 20) + 512}",
        f"-artifact_prefix={FINDINGS}/{reader}-",
        "-max_len=65536",
        "-print_final_stats=1",
    ]
    atheris.Setup([f"fuzz {reader}", str(corpus), *limits], try_one)
    atheris.Fuzz()
