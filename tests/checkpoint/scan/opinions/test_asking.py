"""Second opinions make a verdict worse or leave it; a scanner that misbehaves is no clean word."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.opinions.asking import parse_wishes, with_opinions
from paddock.checkpoint.scan.opinions.running import RunLimits
from paddock.checkpoint.scan.report import Report, ScannedFile, Verdict
from paddock.errors import BadInput
from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.zips import torch_zip
from tests.checkpoint.pickles import honest
from tests.fakes.foreign_scanner import write_scanner

ENDLESS = ("hangs", "hangs after its answer", "spins", "leaves a child", "closes its output")
BROKEN = ("crashes", "raises", "floods", "says nothing", "says nonsense", "wants memory", "warns",
          "fills the disk", "prints the environment")  # fmt: skip


def asked(
    folder: Path, wishes: str, content: bytes = b"", kind: Kind = Kind.PICKLE,
    limits: RunLimits | None = None,
) -> Report:  # fmt: skip
    """Our own scan found nothing; this is what remains of that."""
    file = folder / "m.pkl"
    file.write_bytes(content or op.hostile())
    clean = Report((ScannedFile("m.pkl", str(kind), file.stat().st_size, ()),))
    return with_opinions(clean, {"m.pkl": file}, parse_wishes(wishes), limits)


def behaving(folder: Path, behaviour: str) -> Report:
    limits = RunLimits(
        seconds=1 if behaviour in ENDLESS else 30,  # of a busy machine
        memory_bytes=1 << 30,
        output_bytes=1 << 16,
        written_bytes=1 << 20,
    )
    return asked(folder, f"picklescan={write_scanner(folder, behaviour)}", limits=limits)


@pytest.mark.parametrize(
    ("behaviour", "said", "verdict"),
    [
        ("honest", "clean", Verdict.CLEAN),
        ("looks at nothing", "skipped", Verdict.CLEAN),
        ("doubts", "suspicious", Verdict.CLEAN),
        ("finds", "dangerous", Verdict.REJECT),
        *((bad, "unfinished", Verdict.QUARANTINE) for bad in (*ENDLESS, *BROKEN)),
    ],
)  # fmt: skip
def test_what_a_scanner_does_is_recorded_and_never_taken_for_clean(
    tmp_path: Path, behaviour: str, said: str, verdict: Verdict
) -> None:
    started = time.monotonic()
    report = behaving(tmp_path, behaviour)
    assert time.monotonic() - started < 60
    assert [opinion.said for opinion in report.opinions] == [said]
    assert report.verdict is verdict
    assert report.opinions[0].place == "m.pkl"


def test_a_scanner_sees_no_secrets_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "a secret")
    report = behaving(tmp_path, "prints the environment")
    assert "secret" not in report.opinions[0].detail
    assert "HF_TOKEN" not in report.opinions[0].detail
    behaving(tmp_path, "leaves a child")
    patience = time.monotonic() + 10  # a killed process is gone when the system comes to it
    while any(str(tmp_path).encode() in each for each in _commands()):
        assert time.monotonic() < patience


def _commands() -> list[bytes]:
    return [_read(path) for path in Path("/proc").glob("[0-9]*/cmdline")]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("wish", ["nobody", "picklescan=/nowhere/picklescan", "picklescan,clamav"])
def test_a_scanner_that_is_not_there_is_an_error_before_anything_runs(wish: str) -> None:
    with pytest.raises(BadInput):
        parse_wishes(wish)


def test_scanners_are_asked_about_their_own_types_only(tmp_path: Path) -> None:
    wish = f"picklescan={write_scanner(tmp_path, 'finds')}"
    assert asked(tmp_path, wish, b"hello", Kind.TEXT).opinions == ()


@pytest.fixture(params=["picklescan", "fickling", "modelaudit-picklescan"])
def real(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    import sys

    programs = Path(sys.executable).parent  # where the test extra puts them
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return str(request.param)


def test_real_scanners_call_a_hostile_pickle_dangerous(tmp_path: Path, real: str) -> None:
    report = asked(tmp_path, real)
    assert report.verdict is Verdict.REJECT
    [opinion] = report.opinions
    assert opinion.said == "dangerous"
    assert opinion.version[0].isdigit()
    assert "system" in report.reasons[0].message


def test_no_real_scanner_makes_honest_tensors_a_rejection(tmp_path: Path, real: str) -> None:
    zipped = torch_zip({"data.pkl": honest(), "data/0": bytes(16)})
    assert asked(tmp_path, real, zipped, Kind.TORCH_ZIP).verdict is Verdict.CLEAN
    legacy = asked(tmp_path, real, honest(), Kind.PICKLE)
    assert legacy.verdict is Verdict.CLEAN, legacy.opinions
