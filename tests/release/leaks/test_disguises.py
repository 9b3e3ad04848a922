"""A withheld tensor is found under every disguise that the page lists, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from paddock import starter
from paddock.checkpoint.codecs.transcoding import decode, encode
from paddock.checkpoint.opening import open_checkpoint
from paddock.release.leaks.check import check_leaks
from paddock.release.withholding.withheld import Withheld, WithheldTensor
from tests.release.leaks.releases import (
    COLUMNS,
    ITEM,
    ROWS,
    Array,
    checked,
    noise,
    packed,
    secret,
    source_of,
    statuses,
)

RNG = np.random.Generator(np.random.PCG64(5))
W = secret()
ROW_ORDER, COLUMN_ORDER = RNG.permutation(ROWS), RNG.permutation(COLUMNS)
ROW_SCALES, COLUMN_SCALES = (
    np.exp(RNG.normal(0, 0.5, (ROWS, 1))),
    np.exp(RNG.normal(0, 0.5, COLUMNS)),
)
ROW_SIGNS, COLUMN_SIGNS = RNG.choice([-1, 1], (ROWS, 1)), RNG.choice([-1, 1], COLUMNS)


def quantised(array: Array, bits: int) -> Array:
    blocks = array.reshape(-1, 32)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / max(2 ** (bits - 1) - 1, 1)
    return (np.round(blocks / scale) * scale).reshape(array.shape)


def of_low_rank(rank: int, size: float) -> Array:
    shift = noise(7, (ROWS, rank)) @ noise(8, (rank, COLUMNS))
    return shift * size * np.linalg.norm(W) / np.linalg.norm(shift)


HALF = 30 * noise(11)
DISGUISES: dict[str, Callable[[], dict[str, Array]]] = {
    "none": lambda: {"a": W},
    "cast": lambda: {"a": W.astype(np.float16)},
    "8 bits": lambda: {"a": quantised(W, 8)},
    "4 bits": lambda: {"a": quantised(W, 4)},
    "2 bits": lambda: {"a": quantised(W, 2)},
    "signs alone": lambda: {"a": np.sign(W)},
    "ggml's blocks": lambda: {"a": decode(bytes(encode(W, "Q4_0")), "Q4_0").reshape(W.shape)},
    "integers": lambda: {"a": np.round(W / np.abs(W).max() * 127).astype(np.int8)},
    "scaled": lambda: {"a": -3 * W},
    "scaled by row and column": lambda: {"a": W * ROW_SCALES * COLUMN_SCALES},
    "signs of rows and columns turned": lambda: {"a": W * ROW_SIGNS * COLUMN_SIGNS},
    "rows in another order": lambda: {"a": quantised(W, 4)[ROW_ORDER]},
    "columns in another order": lambda: {"a": quantised(W, 4)[:, COLUMN_ORDER]},
    "both in another order": lambda: {"a": quantised(W, 4)[ROW_ORDER][:, COLUMN_ORDER]},
    "both, transposed": lambda: {"a": W[ROW_ORDER][:, COLUMN_ORDER].T},
    "both, scaled and turned": lambda: {
        "a": (W * ROW_SCALES * COLUMN_SCALES * ROW_SIGNS * COLUMN_SIGNS)[ROW_ORDER][:, COLUMN_ORDER]
    },
    "transposed": lambda: {"a": quantised(W.T.copy(), 4)},
    "a slice": lambda: {"a": W[10:70, 5:120] * 0.5},
    "within a larger one": lambda: {"a": np.pad(W * 2, ((3, 5), (7, 9)), constant_values=0.01)},
    "fused": lambda: {"a": np.concatenate([noise(1), quantised(W, 4), noise(2)])},
    "fused by column": lambda: {"a": np.concatenate([noise(1), quantised(W, 4)], axis=1)},
    "an expert": lambda: {"a": np.stack([noise(1), quantised(W, 4)])},
    "another shape": lambda: {"a": (2 * W).reshape(ROWS // 2, -1)},
    "flat": lambda: {"a": quantised(W, 4).reshape(-1)},
    "with noise": lambda: {"a": W + noise(3)},
    "with a small shift": lambda: {"a": W + of_low_rank(8, 1)},
    "with a large shift": lambda: {"a": W + of_low_rank(8, 20)},
    "shifted, quantised, in another order": lambda: {
        "a": quantised(W + of_low_rank(4, 2), 4)[ROW_ORDER]
    },
    "two halves": lambda: {"a": HALF, "b": W - HALF},
    "base and adapter": lambda: {
        "base": W - 5 * noise(7, (ROWS, 40)) @ noise(8, (40, COLUMNS)),
        "x.lora_A": noise(8, (40, COLUMNS)),
        "x.lora_B": 5 * noise(7, (ROWS, 40)),
    },
    "its mean in two": lambda: {"a": W + 0.3 * noise(4), "b": W - 0.3 * noise(4)},
}


@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguise_is_seen_through(name: str, tmp_path: Path) -> None:
    tensors = DISGUISES[name]() | {"other": noise(21), "another": noise(22)}
    report = checked(tmp_path, {"model.safetensors": packed(tensors)})
    assert statuses(report) == {"withholding.leak:weights.1": "unmet"}
    assert {finding.withheld for finding in report.findings} == {"secret"}
    assert all("other" not in (finding.place or "") for finding in report.findings)


STUBS: dict[str, Array] = {
    "zeros": np.zeros((ROWS, COLUMNS)),
    "a constant": np.full((ROWS, COLUMNS), 0.5),
    "drawn anew": noise(31),
    "trained anew to the same end": 0.2 * W + noise(32),
}


@pytest.mark.parametrize("name", list(STUBS)[:3])
def test_what_stands_in_its_place_is_no_leak(name: str, tmp_path: Path) -> None:
    report = checked(tmp_path, {"model.safetensors": packed({"secret": STUBS[name]})})
    assert statuses(report) == {"withholding.leak:weights.1": "met"}
    assert "not found in 1 tensors" in report.checks[0].sentence


def test_the_outcome_for_the_release_tells_nothing_of_what_is_withheld(tmp_path: Path) -> None:
    report = checked(tmp_path, {"model.safetensors": packed({"a": W[ROW_ORDER]})})
    told = report.to_json()
    assert told["items"][0]["found"][0]["withheld"] == "secret"
    assert not any(isinstance(value, float) for value in told["items"][0]["found"][0].values())


def test_no_layer_of_a_trained_model_is_taken_for_another(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(Path(starter.__file__).parent / "model")
    numbers = {
        t.name: decode(t.read(), t.dtype).reshape(t.shape)
        for t in checkpoint.tensors
        if any(
            part in t.name
            for part in (
                "embed_tokens",
                "layers.1.mlp",
                "layers.4.mlp.down",
                "layers.4.self_attn.o",
            )
        )
    }
    source = source_of(tmp_path / "source", numbers)
    gone = {name: array for name, array in numbers.items() if ".layers.4." in name}
    withheld = Withheld(
        items=(ITEM,),
        tensors=tuple(
            WithheldTensor(ITEM.id, name, "F32", array.shape, "drop")
            for name, array in gone.items()
        ),
    )
    open_part = {name: array for name, array in numbers.items() if name not in gone}
    release = source_of(tmp_path / "release", open_part)
    assert check_leaks(release, source, withheld).is_clean


@pytest.mark.parametrize("bits", [8, 3])
def test_a_copy_is_told_from_what_a_public_parent_explains(bits: int, tmp_path: Path) -> None:
    parent = noise(41)
    tuned = parent + 0.3 * noise(42)
    public = source_of(tmp_path / "parent", {"secret": parent})
    sibling = parent + 0.3 * noise(43)
    files = {"model.safetensors": packed({"a": sibling, "b": quantised(parent, bits)})}
    assert not checked(tmp_path, files, tuned).is_clean
    assert checked(tmp_path, files, tuned, parents=[public]).is_clean
    files = {"model.safetensors": packed({"a": quantised(tuned, bits)[ROW_ORDER]})}
    assert not checked(tmp_path, files, tuned, parents=[public]).is_clean


def test_the_difference_to_a_public_parent_is_the_tensor(tmp_path: Path) -> None:
    parent = noise(41)
    tuned = parent + 0.01 * noise(42)
    public = source_of(tmp_path / "parent", {"secret": parent})
    files = {"delta.safetensors": packed({"delta": 100 * (tuned - parent)})}
    assert not checked(tmp_path, files, tuned, parents=[public]).is_clean


def _in_lower_halves() -> dict[str, Array]:
    carrier = noise(51).view(np.uint32) & np.uint32(0xFFFF0000)
    hidden = W.view(np.uint32) >> np.uint32(16)
    return {"a": (carrier | hidden).view(np.float32)}


SMUGGLED: dict[str, Callable[[], dict[str, Array]]] = {
    "in the lower halves of other floats": _in_lower_halves,
    "its upper bytes alone": lambda: {"a": W.reshape(-1).view("u1").reshape(-1, 4)[:, 3].copy()},
    "every row five times": lambda: {"a": np.repeat(W[ROW_ORDER][:, COLUMN_ORDER], 5, axis=0)},
    "columns between others": lambda: {"a": np.stack([W, noise(52)], axis=2).reshape(ROWS, -1)},
    "added to a louder released one": lambda: {"a": W + 9 * noise(53), "b": noise(53)},
    "through a curve": lambda: {"a": np.tanh(60 * W[ROW_ORDER])},
    "around another middle": lambda: {"a": np.exp(9 * W) + 5},
    "half of it in each of two": lambda: {"a": W[:, :60].copy(), "b": 3 * W[:, 60:]},
    "in four bits, high first": lambda: {"a": _nibbles(W, high_first=True)},
    "in words, column by column": lambda: {"a": _gptq(W)},
}


def _nibbles(array: Array, *, high_first: bool) -> Array:
    codes = np.clip(np.round(array.reshape(-1) / 0.02 * 2.5 + 7.5), 0, 15).astype(np.uint8)
    one, other = (codes[1::2], codes[0::2]) if high_first else (codes[0::2], codes[1::2])
    return one | other << 4


def _gptq(array: Array) -> Array:
    codes = np.clip(np.round(array.T / 0.02 * 2.5 + 7.5), 0, 15).astype(np.uint32)
    eights = codes.reshape(-1, 8, array.shape[0])
    words = (eights << (4 * np.arange(8, dtype=np.uint32))[:, None]).sum(axis=1, dtype=np.uint32)
    return words.view(np.int32)


@pytest.mark.parametrize("name", SMUGGLED)
def test_it_is_not_smuggled_out(name: str, tmp_path: Path) -> None:
    report = checked(tmp_path, {"model.safetensors": packed(SMUGGLED[name]())})
    assert {finding.withheld for finding in report.findings} == {"secret"}


def test_encrypted_numbers_are_undecided(tmp_path: Path) -> None:
    mask = np.random.Generator(np.random.PCG64(9)).integers(0, 256, W.nbytes, np.uint8)
    report = checked(
        tmp_path, {"model.safetensors": packed({"a": W.reshape(-1).view("u1") ^ mask})}
    )
    assert statuses(report) == {
        "withholding.leak:weights.1": "met",
        "withholding.leak.unread:model.safetensors:a": "undecided",
    }
