"""Quantised weights stay small in memory and mean what their blocks say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from paddock.checkpoint.codecs.transcoding import decode, encode
from paddock.checkpoint.dtypes import size_in_bytes
from paddock.checkpoint.opening import open_checkpoint
from paddock.engine.precision import Precision
from paddock.engine.torch_runner.dequantising import READERS, dequantised
from paddock.engine.torch_runner.opening import TorchOptions, open_torch_model
from paddock.llama.loading import from_tensors
from paddock.starter import starter_folder
from tests.engine.torch_runner.runners import Pool, Sequence_, step_of
from tests.llama.twins import relative_error

TEXT = [1, 40, 7, 300, 12, 99, 5, 61, 18, 230]


@pytest.mark.parametrize("dtype", READERS)
def test_blocks_become_the_numbers_that_the_checkpoint_room_reads(dtype: str) -> None:
    values = np.random.default_rng(0).standard_normal((6, 512)).astype(np.float32)
    raw = torch.frombuffer(bytearray(encode(values, dtype)), dtype=torch.uint8).view(6, -1)
    assert np.array_equal(dequantised(raw, dtype).numpy().ravel(), decode(raw.numpy().data, dtype))


@pytest.mark.parametrize("dtype", READERS)
def test_any_bytes_become_the_same_numbers_too(dtype: str) -> None:
    row_bytes = size_in_bytes(dtype, 1024)
    raw = np.random.default_rng(1).integers(0, 256, (8, row_bytes), np.uint8)
    ours = dequantised(torch.from_numpy(raw), dtype).numpy().ravel()
    assert np.array_equal(ours, decode(raw.data, dtype), equal_nan=True)


@pytest.mark.parametrize("precision", [Precision.INT8, Precision.INT4])
@torch.inference_mode()
def test_logits_are_those_of_the_dequantised_weights(precision: Precision) -> None:
    runner = open_torch_model(Path(starter_folder()), TorchOptions(precision, "cpu"))
    runner.reserve(4)
    checkpoint = open_checkpoint(Path(starter_folder()))
    model = from_tensors(checkpoint.config, checkpoint.tensors, dtype=torch.float32)
    plain_bytes = sum(weight.nbytes for weight in model.parameters())
    assert runner.weights is not None
    assert runner.weights.size_bytes <= plain_bytes * {"int8": 0.27, "int4": 0.19}[precision]

    weights, width = runner.weights, checkpoint.config.dim
    some = torch.eye(width)  # its product is the matrix itself
    for layer, block in zip(weights.layers, model.model.layers, strict=True):
        attention, feed_forward = block.self_attn, block.mlp
        q, k, v = layer.qkv.product(some).T.split(
            [checkpoint.config.q_dim, *[checkpoint.config.kv_dim] * 2]
        )
        gate, up = layer.gated.gate_up.product(some).T.chunk(2)
        attention.q_proj.weight.copy_(q)
        attention.k_proj.weight.copy_(k)
        attention.v_proj.weight.copy_(v)
        attention.o_proj.weight.copy_(layer.o.product(torch.eye(checkpoint.config.q_dim)).T)
        feed_forward.gate_proj.weight.copy_(gate)
        feed_forward.up_proj.weight.copy_(up)
        feed_forward.down_proj.weight.copy_(
            layer.gated.down.product(torch.eye(checkpoint.config.ffn_dim)).T
        )
    every = torch.arange(checkpoint.config.vocab_size)
    before = model.model.embed_tokens.weight.clone()
    model.model.embed_tokens.weight.copy_(weights.embeddings.rows(every))
    off = relative_error(model.model.embed_tokens.weight, before)
    assert 0 < off < 0.01  # embeddings have 8 bits in both
    if not checkpoint.config.tied_embeddings:
        model.lm_head.weight.copy_(weights.head.rows(every))

    logits = runner.logits(step_of([(Sequence_(Pool([0, 1])), TEXT)], wanted=range(len(TEXT))))
    assert relative_error(logits, model(torch.tensor([TEXT]))[0]) <= 1e-5
