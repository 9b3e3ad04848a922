"""What a narrower type cannot hold is refused by the tensor's name, never altered unnoticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.convert.rendering import Rendering, render
from paddock.checkpoint.errors import BadElements
from tests.checkpoint.convert.outcomes import WIDE, weights_of
from tests.checkpoint.samples import write_hf_folder, write_model

WEIGHT = "model.layers.0.mlp.down_proj.weight"


def folder_with(path: Path, *numbers: float) -> Path:
    """A small model whose one matrix begins with these."""
    tensors = write_hf_folder(path, replace(WIDE, dtype="float32"))
    index = next(i for i, each in enumerate(tensors) if each.name == WEIGHT)
    values = np.frombuffer(tensors[index].read(), np.float32).copy()
    values[: len(numbers)] = numbers
    tensors[index] = replace(tensors[index], pieces=lambda: iter([values.tobytes()]))
    write_model(path, tensors)
    return path


@pytest.mark.parametrize(
    "options", [ConvertOptions(dtype="float16"), ConvertOptions(("gguf",), quants=("f16",))]
)
def test_what_float16_cannot_hold_is_refused_rather_than_made_infinite(
    options: ConvertOptions, tmp_path: Path
) -> None:
    source = folder_with(tmp_path / "hf", 65519.0, -70000.0)
    with pytest.raises(BadElements) as caught:
        convert_checkpoint(source, tmp_path / "out", options)
    assert caught.value.reason == "out_of_range" and WEIGHT in caught.value.message
    assert "element 1 is -70000, which is infinite as F16" in caught.value.message
    assert not (tmp_path / "out").exists()
    convert_checkpoint(source, tmp_path / "wide", ConvertOptions(dtype="bfloat16"))


def test_what_is_infinite_already_stays_so(tmp_path: Path) -> None:
    source = folder_with(tmp_path / "hf", np.inf, -np.inf, np.nan, 65519.0)
    convert_checkpoint(source, tmp_path / "out", ConvertOptions(dtype="float16"))
    found = np.frombuffer(weights_of(tmp_path / "out")[WEIGHT][2], np.float16)[:4]
    assert found.tolist()[:2] == [np.inf, -np.inf] and np.isnan(found[2]) and found[3] == 65504


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_block_of_no_number_is_refused_by_its_tensor(number: float, tmp_path: Path) -> None:
    source = folder_with(tmp_path / "hf", 1.0, number)
    with pytest.raises(BadElements, match=WEIGHT) as caught:
        convert_checkpoint(source, tmp_path / "x.gguf", ConvertOptions(("gguf",), ("q8_0",)))
    assert caught.value.reason == "not_finite"


@pytest.mark.parametrize(
    ("number", "source", "target"),
    [(1e39, "F64", "F32"), (3.4e38, "F64", "BF16"), (3.4e38, "F32", "BF16"), (7e4, "BF16", "F16")],
)
def test_every_narrower_type_is_watched(number: float, source: str, target: str) -> None:
    if source == "BF16":
        raw = (np.array([1.0, number], np.float32).view(np.uint32) >> 16).astype("<u2").tobytes()
    else:
        raw = np.array([1.0, number], {"F64": "<f8", "F32": "<f4"}[source]).tobytes()
    with pytest.raises(BadElements, match="element 1"):
        render(raw, source, 1, Rendering(target))
