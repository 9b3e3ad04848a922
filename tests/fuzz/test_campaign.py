"""The fuzzing command: what it runs, and that it notices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.campaign import input_number
from fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fuzz", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_reader_survives_some_inputs_under_limits() -> None:
    ended = fuzz("--all", "--inputs", "1900", "--processes", "1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert all(f"\n{reader} " in ended.stdout for reader in TARGETS)
    assert "inputs a second" in ended.stdout


def test_an_unknown_reader_is_named() -> None:
    ended = fuzz("onnx", "--plain")
    assert ended.returncode == 1
    assert "onnx is no reader" in ended.stderr


def test_an_input_has_a_number_and_is_the_same_each_time() -> None:
    made = [input_number("npz_member", number) for number in range(50)]
    assert made == [input_number("npz_member", number) for number in range(50)]
    assert len(set(made)) > 40


# A reader that fails, told by the first byte of what it is given.
BROKEN = """
import os
import fuzz.campaign as campaign, fuzz.targets as targets
campaign.SECONDS, campaign.MEMORY_BYTES, campaign._MAX_FINDINGS = 0.2, 64 << 20, 1
def read(content, folder):
    if content == b"valid":
        return
    {failure}
targets.TARGETS["npy"] = targets.Target(read, lambda: [b"valid"])
for tally in campaign.run([campaign.Share("npy", 7, 50, 60.0)], 1):
    print(tally.findings[0].what)
"""


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        ("raise ValueError('no words')", "ValueError at <string>"),
        ("content[10**9]", "IndexError"),
        ("while True: pass", "TooSlow"),
        ("bytearray(1 << 30)", "MemoryError"),
        ("os._exit(9)", "the process ended with 9"),
        ("os.abort()", "the process ended with -6"),
    ],
)
def test_whatever_is_no_refusal_is_a_finding(failure: str, expected: str) -> None:
    script = BROKEN.replace("{failure}", failure)
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert expected in ended.stdout, ended.stdout + ended.stderr
