"""Models that are too large to hold are tried all the same: streamed, and as strictly."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddock.checkpoint.opening import open_checkpoint
from paddock.engine.errors import NoRunner
from paddock.engine.native.streamed_model import StreamedModel
from paddock.engine.precision import Precision
from paddock.release.building import measuring, running
from paddock.release.building.running import Tried, try_out
from paddock.starter import starter_folder

SEQUENCES: Sequence[Sequence[int]] = ([1, 5, 9, 33, 7], [1, 4], [1, 8, 8, 2, 90, 6, 3])


@pytest.fixture
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "HELD_BYTES", 0)

    def hold(*_: object) -> None:
        raise AssertionError("the model was held")

    monkeypatch.setattr(running, "open_model", hold)


def test_a_large_model_is_streamed_and_writes(nothing_held: None) -> None:
    assert try_out("it", starter_folder()) == Tried("runs", "it was opened and wrote 2 tokens")


def test_the_largest_models_are_read_once(
    nothing_held: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "ONCE_BYTES", 0)
    passes, states = [], StreamedModel.states

    def counted(model: StreamedModel, sequences: Sequence[Sequence[int]]) -> object:
        passes.append(len(sequences))
        return states(model, sequences)

    monkeypatch.setattr(StreamedModel, "states", counted)
    assert try_out("it", starter_folder()) == Tried("runs", "it was opened and wrote a token")
    assert passes == [1]


def test_a_streamed_model_says_what_a_held_one_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(precision: Precision) -> np.ndarray[Any, Any]:
        return np.concatenate([*running.logits_of(starter_folder(), precision, SEQUENCES)])

    held = of(Precision.FLOAT32)
    monkeypatch.setattr(running, "HELD_BYTES", 0)
    for most in (1 << 20, 5, 1):  # tokens of a pass, and rows of logits
        monkeypatch.setattr(StreamedModel, "most_tokens", most)
        monkeypatch.setattr(StreamedModel, "most_rows", most)
        streamed = of(Precision.FLOAT32)
        assert streamed.shape == held.shape
        assert np.abs(streamed - held).max() < 1e-4 * np.abs(held).max()


def test_a_divergence_is_measured_without_holding_a_model(
    nothing_held: None, tmp_path: Path
) -> None:
    same, how = measuring.measure(starter_folder(), {"same": starter_folder()}, tmp_path)["same"]
    assert same.kl == 0
    assert same.copy_perplexity == same.original_perplexity
    assert how == "float32"
    assert [*tmp_path.iterdir()] == []


def test_a_streamed_model_that_gives_no_numbers_fails(
    nothing_held: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StreamedModel, "logits", lambda *_: np.full((1, 8), np.nan))
    assert try_out("it", starter_folder()).outcome == "fails"


def test_a_number_that_is_not_finite_is_found_in_the_largest_model(
    nothing_held: None, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(starter_folder(), folder)
    tensor = next(t for t in open_checkpoint(folder).tensors if t.name == "model.norm.weight")
    assert tensor.place
    with tensor.place.path.open("r+b") as file:
        file.seek(tensor.place.start)
        file.write(b"\xff" * 4)
    tried = try_out("it", folder)
    assert tried.outcome == "fails"
    assert "model.norm.weight" in tried.sentence


def test_what_cannot_be_streamed_is_held_and_writes_as_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def streams_nothing(*_: object) -> None:
        raise NoRunner("not here")

    monkeypatch.setattr(running, "HELD_BYTES", 0)
    monkeypatch.setattr(running, "streamed", streams_nothing)
    assert try_out("it", starter_folder()).sentence == "it was opened and wrote 2 tokens"
