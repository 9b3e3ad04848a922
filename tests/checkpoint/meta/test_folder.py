"""Meta's layout: split over files, in its own row order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from paddock.checkpoint.errors import (
    BadCheckpoint,
    BadConfig,
    TensorMismatch,
    UnsupportedModel,
)
from paddock.checkpoint.opening import Format, open_checkpoint
from paddock.checkpoint.shape.layout import halves_from_pairs
from tests.checkpoint.meta_samples import params, write_meta
from tests.checkpoint.samples import TINY, pairs_from_halves, tensor


@pytest.mark.parametrize(("ranks", "by_rows"), [(1, False), (2, False), (2, True)])
def test_the_slices_of_every_rank_become_the_whole_model(
    tmp_path: Path, ranks: int, by_rows: bool
) -> None:
    expected = write_meta(tmp_path, ranks=ranks, embeddings_by_rows=by_rows)
    checkpoint = open_checkpoint(tmp_path)
    assert checkpoint.format is Format.META
    assert replace(checkpoint.config, context=TINY.context) == TINY
    assert {each.name: bytes(each.read()) for each in checkpoint.tensors} == expected


def test_a_checkpoint_without_a_head_shares_its_embeddings(tmp_path: Path) -> None:
    write_meta(tmp_path, replace(TINY, tied_embeddings=True))
    assert open_checkpoint(tmp_path).config.tied_embeddings


def test_the_two_row_orders_are_each_others_inverse() -> None:
    original = tensor("q", (6 * 8, 5))
    rows = np.frombuffer(halves_from_pairs(original, 8).read(), np.float32).reshape(48, 5)
    source = np.frombuffer(original.read(), np.float32).reshape(48, 5)
    assert (rows != source).any()
    assert (pairs_from_halves(rows, 8) == source).all()
    assert (rows[8:12] == source[8:16:2]).all()
    assert (rows[12:16] == source[9:16:2]).all()


def test_the_rotation_agrees_with_metas_formula() -> None:
    """Rotating adjacent pairs of Meta's q equals rotating halves of the permuted q."""
    rng = np.random.default_rng(3)
    weight, x = rng.standard_normal((8, 6), np.float32), rng.standard_normal(6, np.float32)
    angle = rng.standard_normal(4, np.float32)
    pairs = (weight @ x).reshape(4, 2)
    turned = np.stack(
        (
            pairs[:, 0] * np.cos(angle) - pairs[:, 1] * np.sin(angle),
            pairs[:, 0] * np.sin(angle) + pairs[:, 1] * np.cos(angle),
        )
    )
    permuted = halves_from_pairs(tensor("q", (8, 6)), 8)
    swapped = type(permuted)("q", "F32", (8, 6), lambda: iter([weight.tobytes()]))
    hf = np.frombuffer(halves_from_pairs(swapped, 8).read(), np.float32).reshape(8, 6) @ x
    low, high = hf[:4], hf[4:]
    rotated = (
        low * np.cos(angle) - high * np.sin(angle),
        high * np.cos(angle) + low * np.sin(angle),
    )
    np.testing.assert_allclose(np.stack(rotated), turned, rtol=1e-5)


def test_a_missing_rank_is_noticed(tmp_path: Path) -> None:
    write_meta(tmp_path, ranks=2)
    (tmp_path / "consolidated.00.pth").unlink()
    with pytest.raises(BadCheckpoint, match="lacks a rank"):
        open_checkpoint(tmp_path)


def test_ranks_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    write_meta(tmp_path / "a", ranks=2)
    write_meta(tmp_path / "b", replace(TINY, layers=1), ranks=2)
    (tmp_path / "b" / "consolidated.01.pth").rename(tmp_path / "a" / "consolidated.01.pth")
    with pytest.raises(TensorMismatch, match="rank 1"):
        open_checkpoint(tmp_path / "a")


def test_one_rank_of_two_does_not_pass_as_a_model(tmp_path: Path) -> None:
    write_meta(tmp_path, ranks=2)
    (tmp_path / "consolidated.01.pth").unlink()
    with pytest.raises(BadCheckpoint):
        open_checkpoint(tmp_path)


def test_a_tensor_that_no_llama_has_is_refused(tmp_path: Path) -> None:
    write_meta(tmp_path)
    shard = torch.load(tmp_path / "consolidated.00.pth", weights_only=True)
    torch.save(shard | {"vision.weight": torch.ones(2)}, tmp_path / "consolidated.00.pth")
    with pytest.raises(UnsupportedModel, match="vision"):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"dim": -1},
        {"dim": None},
        {"n_heads": 5},
        {"n_layers": True},
        {"norm_eps": "x"},
        {"dim": 1 << 60},
    ],
)
def test_absurd_params_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    write_meta(tmp_path)
    (tmp_path / "params.json").write_text(json.dumps(params(TINY) | change))
    with pytest.raises(BadConfig):
        open_checkpoint(tmp_path)
