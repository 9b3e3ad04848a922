"""Every source of weights as packed matrices: each number is the one that the file means."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paddock.checkpoint.codecs.transcoding import decode, transcode
from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.errors import BadElements, TensorMismatch
from paddock.checkpoint.opening import Checkpoint, open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tensors import Tensor
from paddock.engine.native import packing
from paddock.engine.native.identity import identity, settled_states
from paddock.engine.native.loading import Packing, load_weights
from paddock.engine.native.plan import packed_bytes, plan_weights
from paddock.engine.native.weights import Kind, PackedMatrix, Weights
from paddock.engine.precision import Precision
from paddock.kernels.step_library import StepLibrary, step_library
from tests.checkpoint.samples import TINY, model_tensors, write_hf_folder

# Whole blocks of Q4_K in every row, heads that end within a panel, a vocabulary that does too.
WIDE = LlamaConfig(
    dim=256, layers=2, heads=4, kv_heads=2, head_dim=64, ffn_dim=512, vocab_size=300, context=64,
    dtype="float32", tied_embeddings=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def library() -> StepLibrary:
    found = step_library()
    assert found is not None, "the step is not compiled; run: make kernels"
    return found


def packed(
    checkpoint: Checkpoint, library: StepLibrary, precision: Precision = Precision.AUTO
) -> Weights:
    plan = plan_weights(checkpoint.config, checkpoint.tensors, precision)
    return load_weights(checkpoint, plan, Packing(library, 2))


def by_tensor(weights: Weights) -> Iterator[tuple[list[PackedMatrix], list[str]]]:
    """Matrices, and the tensors whose rows they hold one after the other."""
    yield [weights.embeddings], ["model.embed_tokens.weight"]
    if weights.head is not weights.embeddings:
        yield [weights.head], ["lm_head.weight"]
    for number, layer in enumerate(weights.layers):
        at = f"model.layers.{number}."
        yield list(layer.qkv), [f"{at}self_attn.{name}_proj.weight" for name in "qkv"]
        yield [layer.o], [at + "self_attn.o_proj.weight"]
        yield list(layer.gate_up), [at + "mlp.gate_proj.weight", at + "mlp.up_proj.weight"]
        yield [layer.down], [at + "mlp.down_proj.weight"]


def rows_of(matrices: list[PackedMatrix], library: StepLibrary) -> Iterator[np.ndarray]:
    for each in matrices:
        shape = (each.outputs, each.inputs)
        matrix = library.matrix(each.kind.dtype, each.panels, shape)
        for row in range(each.outputs):
            yield library.row(matrix, row)


def kinds_of(weights: Weights, tensors: dict[str, Tensor]) -> dict[str, Kind]:
    """What each tensor's rows became."""
    kinds: dict[str, Kind] = {}
    for matrices, names in by_tensor(weights):
        rows = iter([each.kind for each in matrices for _ in range(each.outputs)])
        for name in names:
            found = {next(rows) for _ in range(tensors[name].shape[0])}
            (kinds[name],) = found
    return kinds


def assert_exact(weights: Weights, checkpoint: Checkpoint, library: StepLibrary) -> None:
    """Each row is the tensor's, in the type that the kind holds and no other way round."""
    tensors = checkpoint.by_name()
    kinds = kinds_of(weights, tensors)
    for matrices, names in by_tensor(weights):
        rows = rows_of(matrices, library)
        for name in names:
            tensor = tensors[name]
            means = transcode(tensor.read(), tensor.dtype, kinds[name].dtype)
            for wanted in decode(means, kinds[name].dtype).reshape(tensor.shape):
                assert next(rows).tobytes() == wanted.tobytes(), name
    for number, layer in enumerate(weights.layers):
        for name, norm in (("input_layernorm", layer.attention_norm),
                           ("post_attention_layernorm", layer.ffn_norm)):  # fmt: skip
            tensor = tensors[f"model.layers.{number}.{name}.weight"]
            assert np.array_equal(norm, decode(tensor.read(), tensor.dtype))
    final = tensors["model.norm.weight"]
    assert np.array_equal(weights.final_norm, decode(final.read(), final.dtype))


def folder(path: Path, config: LlamaConfig = WIDE, dtype: str = "float32") -> Path:
    """A Hugging Face folder in this type."""
    write_hf_folder(path / "plain", replace(config, dtype="float32"))
    if dtype == "float32":
        return path / "plain"
    convert_checkpoint(path / "plain", path / dtype, ConvertOptions(dtype=dtype))
    return path / dtype


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [("float32", Kind.F32), ("float16", Kind.BF16), ("bfloat16", Kind.BF16)],
)
def test_plain_weights_are_packed_as_they_are_stored(
    tmp_path: Path, library: StepLibrary, dtype: str, kind: Kind
) -> None:
    checkpoint = open_checkpoint(folder(tmp_path, dtype=dtype))
    weights = packed(checkpoint, library)
    assert set(kinds_of(weights, checkpoint.by_name()).values()) == {kind}
    assert_exact(weights, checkpoint, library)
    assert weights.head is weights.embeddings


@pytest.mark.parametrize("quant", ["q8_0", "q4_0", "q4_k_s", "q4_k_m", "q5_k_m", "q6_k", "bf16"])
@pytest.mark.parametrize("is_tied", [True, False])
def test_gguf_is_packed_block_by_block(
    tmp_path: Path, library: StepLibrary, quant: str, is_tied: bool
) -> None:
    source = folder(tmp_path, replace(WIDE, tied_embeddings=is_tied))
    convert_checkpoint(source, tmp_path / "m.gguf", ConvertOptions(("gguf",), (quant,)))
    checkpoint = open_checkpoint(tmp_path / "m.gguf")
    weights = packed(checkpoint, library)
    assert_exact(weights, checkpoint, library)
    tensors = checkpoint.by_name()
    for name, kind in kinds_of(weights, tensors).items():
        assert kind.dtype == tensors[name].dtype


def test_meta_s_layout_gives_the_same_bytes_and_a_change_of_it_another_pack(
    tmp_path: Path, library: StepLibrary
) -> None:
    """Its tensors are put together from several files, and have no place in one."""
    plain = folder(tmp_path)
    convert_checkpoint(plain, tmp_path / "meta", ConvertOptions(("meta",), dtype="float32"))
    found = [packed(open_checkpoint(each), library) for each in (plain, tmp_path / "meta")]
    for one, other in zip(*(by_tensor(each) for each in found), strict=True):
        assert [each.panels.tobytes() for each in one[0]] == [
            each.panels.tobytes() for each in other[0]
        ]
    checkpoint = open_checkpoint(tmp_path / "meta")
    before = settled_states(checkpoint)
    (shard,) = (tmp_path / "meta").glob("*.pth")
    assert str(shard.resolve()) in {state.path for state in before}
    os.utime(shard)
    assert identity(checkpoint, settled_states(checkpoint)) != identity(checkpoint, before)


def test_a_mixed_file_keeps_the_bits_of_each_projection(
    tmp_path: Path, library: StepLibrary
) -> None:
    convert_checkpoint(
        folder(tmp_path), tmp_path / "m.gguf", ConvertOptions(("gguf",), ("q4_k_m",))
    )
    layer = packed(open_checkpoint(tmp_path / "m.gguf"), library).layers[1]
    assert [(each.kind, each.outputs) for each in layer.qkv] == [
        (Kind.Q4_K, WIDE.q_dim + WIDE.kv_dim),
        (Kind.Q6_K, WIDE.kv_dim),
    ]
    assert [(each.kind, each.outputs) for each in layer.gate_up] == [(Kind.Q4_K, 2 * WIDE.ffn_dim)]


@pytest.mark.parametrize(
    ("precision", "kinds"),
    [
        (Precision.FLOAT32, {Kind.F32}),
        (Precision.BFLOAT16, {Kind.BF16}),
        (Precision.INT8, {Kind.Q8}),
        (Precision.INT4, {Kind.Q4_K, Kind.Q8}),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_precision_is_what_the_matrices_get(
    tmp_path: Path, library: StepLibrary, dtype: str, precision: Precision, kinds: set[Kind]
) -> None:
    checkpoint = open_checkpoint(folder(tmp_path, dtype=dtype))
    weights = packed(checkpoint, library, precision)
    found = kinds_of(weights, checkpoint.by_name())
    assert set(found.values()) == kinds
    assert_exact(weights, checkpoint, library)
    if precision is Precision.INT4:  # they decide every token
        assert [name for name, kind in found.items() if kind is Kind.Q8] == [
            "model.embed_tokens.weight"
        ]


def test_blocks_of_few_bits_do_not_become_blocks_of_more(
    tmp_path: Path, library: StepLibrary
) -> None:
    convert_checkpoint(folder(tmp_path), tmp_path / "m.gguf", ConvertOptions(("gguf",), ("q4_0",)))
    weights = packed(open_checkpoint(tmp_path / "m.gguf"), library, Precision.INT8)
    assert weights.layers[0].down.kind is Kind.Q4
    weights = packed(open_checkpoint(tmp_path / "m.gguf"), library, Precision.FLOAT32)
    assert weights.layers[0].down.kind is Kind.F32


def test_a_file_of_six_bits_gets_four_where_they_are_asked_for(
    tmp_path: Path, library: StepLibrary
) -> None:
    convert_checkpoint(folder(tmp_path), tmp_path / "m.gguf", ConvertOptions(("gguf",), ("q6_k",)))
    checkpoint = open_checkpoint(tmp_path / "m.gguf")
    weights = packed(checkpoint, library, Precision.INT8)
    assert {weights.embeddings.kind, weights.layers[0].down.kind} == {Kind.Q6_K}
    weights = packed(checkpoint, library, Precision.INT4)
    assert (weights.embeddings.kind, weights.layers[0].down.kind) == (Kind.Q6_K, Kind.Q4_K)
    assert_exact(weights, checkpoint, library)


def test_rows_that_are_no_whole_blocks_get_what_has_room_for_them(
    tmp_path: Path, library: StepLibrary
) -> None:
    odd = replace(TINY, ffn_dim=40)  # 32 inputs but for down, which has 40
    checkpoint = open_checkpoint(folder(tmp_path, odd))
    weights = packed(checkpoint, library, Precision.INT4)
    assert weights.layers[0].o.kind is Kind.Q4
    assert weights.layers[0].down.kind is Kind.F32
    assert [each.outputs for each in weights.layers[0].qkv] == [32, 16, 16]  # none ends a panel
    assert_exact(weights, checkpoint, library)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_bytes_of_a_matrix_are_those_that_the_library_takes(
    library: StepLibrary, kind: Kind
) -> None:
    for outputs in (1, 64, 65, 1000):
        for inputs in (256, 512, 2048):
            wanted = library.matrix_bytes(kind.dtype, outputs, inputs)
            assert packed_bytes(kind, outputs, inputs) == wanted
    assert packed_bytes(Kind.BF16, 3, 7) == library.matrix_bytes("BF16", 3, 7)


@pytest.mark.parametrize("threads", [1, 3])
def test_small_stretches_in_many_threads_give_the_same_bytes(
    tmp_path: Path, library: StepLibrary, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    checkpoint = open_checkpoint(folder(tmp_path))
    plan = plan_weights(checkpoint.config, checkpoint.tensors, Precision.INT8)
    whole = b"".join(packing.packed_pieces(plan, library, 1))
    assert len(whole) == plan.size_bytes
    monkeypatch.setattr(packing, "STRETCH_BYTES", 1)  # a panel each
    assert b"".join(packing.packed_pieces(plan, library, threads)) == whole


@pytest.mark.parametrize("precision", [Precision.AUTO, Precision.BFLOAT16, Precision.INT8])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "name", ["model.layers.1.mlp.up_proj.weight", "model.norm.weight", "model.embed_tokens.weight"]
)
def test_weights_that_are_no_numbers_are_refused_by_name(
    library: StepLibrary, precision: Precision, value: float, name: str
) -> None:
    tensors = [
        _with_last(tensor, value) if tensor.name == name else tensor
        for tensor in model_tensors(TINY)
    ]
    plan = plan_weights(TINY, tensors, precision)
    with pytest.raises(BadElements, match=name):
        list(packing.packed_pieces(plan, library, 2))


def test_a_number_that_only_bfloat16_makes_infinite_is_refused_for_it(library: StepLibrary) -> None:
    tensors = [
        _with_last(each, 3.4e38) if each.name == "lm_head.weight" else each
        for each in model_tensors(TINY)
    ]
    with pytest.raises(BadElements, match="lm_head"):
        list(packing.packed_pieces(plan_weights(TINY, tensors, Precision.BFLOAT16), library, 1))
    assert list(packing.packed_pieces(plan_weights(TINY, tensors, Precision.AUTO), library, 1))


def test_a_hostile_scale_in_a_block_is_refused(tmp_path: Path, library: StepLibrary) -> None:
    for quant, dtype, at in (
        ("q8_0", "Q8_0", 0), ("q4_0", "Q4_0", 0), ("q4_k_s", "Q4_K", 2), ("q5_k_s", "Q5_K", 0),
        ("q6_k", "Q6_K", 208),
    ):  # fmt: skip
        path = tmp_path / f"{quant}.gguf"
        convert_checkpoint(folder(tmp_path / quant), path, ConvertOptions(("gguf",), (quant,)))
        tensor = next(t for t in open_checkpoint(path).tensors if "gate" in t.name)
        assert tensor.dtype == dtype
        assert tensor.place is not None
        raw = bytearray(path.read_bytes())
        start = tensor.place.start + at
        raw[start : start + 2] = b"\x00\x7e"  # NaN in F16
        path.write_bytes(raw)
        with pytest.raises(BadElements, match="gate_proj"):
            packed(open_checkpoint(path), library)


def test_integers_are_no_weights() -> None:
    tensors = [
        Tensor(t.name, "I32", t.shape, t.pieces) if "up_proj" in t.name else t
        for t in model_tensors(TINY)
    ]
    with pytest.raises(TensorMismatch, match="stored as I32"):
        plan_weights(TINY, tensors, Precision.AUTO)


def _with_last(tensor: Tensor, value: float) -> Tensor:
    content = np.frombuffer(tensor.read(), np.float32).copy()
    content[-1] = value
    return Tensor(tensor.name, tensor.dtype, tensor.shape, lambda: iter([content.tobytes()]))
