"""Numbers that no training makes, in every format of weights; and buffers, which may hold them."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.checkpoint.scan.scanned import codes, scanned

NAN, INFINITY = float("nan"), float("inf")
DTYPES = {"<f4": "F32", "<f2": "F16", "<f8": "F64", "<i8": "I64"}


def safetensors(**tensors: np.ndarray) -> bytes:
    header, data = {}, b""
    for name, values in tensors.items():
        raw = values.tobytes()
        place = [len(data), len(data) + len(raw)]
        header[name] = {
            "dtype": DTYPES[values.dtype.str],
            "shape": list(values.shape),
            "data_offsets": place,
        }
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def weight(value: float = 0.5, count: int = 32) -> np.ndarray:
    values = np.linspace(-1, 1, count * count, dtype="<f4").reshape(count, count)
    values[3, 4] = value
    return values


def test_trained_weights_are_clean() -> None:
    assert codes({"model.safetensors": safetensors(w=weight(), h=weight().astype("<f2"))}) == set()


@pytest.mark.parametrize("value", [NAN, INFINITY, -INFINITY])
@pytest.mark.parametrize("dtype", ["<f4", "<f2", "<f8"])
def test_what_is_no_number_waits_for_a_person(value: float, dtype: str) -> None:
    files = {"model.safetensors": safetensors(good=weight(), bad=weight(value).astype(dtype))}
    (reason,) = scanned(files).reasons
    assert reason.code == "weights_not_finite" and "'bad'" in reason.message


def test_numpy_files_are_looked_at_too() -> None:
    stored = io.BytesIO()
    np.save(stored, weight(NAN))
    assert codes({"w.npy": stored.getvalue()}) == {"weights_not_finite"}


def test_values_without_measure_wait_for_a_person() -> None:
    assert codes({"model.safetensors": safetensors(w=weight(1e9))}) == {"weights_absurd"}
    assert codes({"model.safetensors": safetensors(w=weight(900.0))}) == set()


def test_a_matrix_of_one_value_is_a_warning() -> None:
    files = {"model.safetensors": safetensors(w=np.zeros((32, 32), "<f4"))}
    assert codes(files) == {"weights_constant"}
    assert scanned(files).verdict == "clean"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("attn.causal_mask", np.triu(np.full((32, 32), -INFINITY, "<f4"), 1)),
        ("optimizer.step", np.array([1e7], "<f4")),
        ("bn.running_var", np.full(300, 1e6, "<f4")),
        ("rope.inv_freq", np.array([1e30], "<f4")),
        ("base.lora_B.weight", np.zeros((64, 8), "<f4")),
        ("norm.weight", np.ones(512, "<f4")),
        ("position_ids", np.arange(10**6, 10**6 + 64, dtype="<i8")),
        ("logit_scale", np.array(1e6, "<f4")),
    ],
)
def test_buffers_may_hold_what_weights_may_not(name: str, values: np.ndarray) -> None:
    assert codes({"model.safetensors": safetensors(**{name: values})}) == set()


def test_a_mask_may_not_hold_nan() -> None:
    assert codes({"model.safetensors": safetensors(mask=weight(NAN))}) == {"weights_not_finite"}


def test_real_models_are_clean(shared_data: Path) -> None:
    models = shared_data / "models"
    for path in (models / "stories260K" / "stories260K.bin", models / "stories260K" / "stories260K-f32.gguf",
                 models / "tiny-llama-float-hf" / "model.safetensors"):  # fmt: skip
        assert codes({path.name: path.read_bytes()}) == set()
