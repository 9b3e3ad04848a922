"""Mixtures of experts against transformers, from the files that it saves."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.llama.cache import KVCache
from paddock.llama.experts import mixed, mixtral_routes
from paddock.llama.generate import Sampling, generate
from paddock.llama.loading import load_model
from paddock.llama.model import with_random_weights
from tests.llama.mixtures import MIXTURES, saved
from tests.llama.twins import relative_error, tokens

EACH_MIXTURE = pytest.mark.parametrize("config", MIXTURES.values(), ids=MIXTURES.keys())


@EACH_MIXTURE
@torch.inference_mode()
def test_logits_agree_with_transformers(config: LlamaConfig, tmp_path: Path) -> None:
    theirs, ours = saved(config, tmp_path), load_model(tmp_path)
    assert ours.config == config
    tokens_BT = tokens(config, batch=3, length=100, seed=1)
    assert relative_error(ours(tokens_BT), theirs(tokens_BT).logits) <= 1e-4


@EACH_MIXTURE
@torch.inference_mode()
def test_a_left_padded_batch_in_chunks_agrees_with_transformers(
    config: LlamaConfig, tmp_path: Path
) -> None:
    theirs, ours = saved(config, tmp_path), load_model(tmp_path)
    tokens_BT = tokens(config, batch=3, length=40, seed=3)
    padding_B = torch.tensor([0, 7, 21])
    cache = KVCache(config, capacity=40, padding_B=padding_B)
    cuts = [0, 16, 23, 30, *range(31, 41)]
    parts = torch.cat([ours(tokens_BT[:, a:b], cache) for a, b in pairwise(cuts)], dim=1)
    for row, padding in enumerate(padding_B.tolist()):
        alone = theirs(tokens_BT[row : row + 1, padding:]).logits[0]
        assert relative_error(parts[row, padding:], alone) <= 1e-4


@EACH_MIXTURE
def test_greedy_tokens_are_those_of_transformers(config: LlamaConfig, tmp_path: Path) -> None:
    theirs, ours = saved(config, tmp_path), load_model(tmp_path)
    prompt = tokens(config, batch=1, length=12, seed=5)
    wanted = theirs.generate(prompt, max_new_tokens=20, do_sample=False, eos_token_id=-1)
    said = [new.token_id for new in generate(ours, prompt[0].tolist(), Sampling(max_tokens=20))]
    assert said == wanted[0, 12 : 12 + len(said)].tolist()
    assert len(said) == 20 or said[-1] in {1, 2}


def test_every_token_is_computed_by_its_likeliest_experts() -> None:
    routed = mixtral_routes(torch.tensor([[0.0, 3.0, 1.0], [2.0, 0.0, -1.0]]), 2)
    assert routed.experts_TC.tolist() == [[1, 2], [0, 1]]
    assert torch.allclose(routed.weights_TC.sum(-1), torch.ones(2))
    out = mixed(torch.ones(2, 1), routed, lambda expert, x: x * 10.0**expert)
    chances = torch.tensor([[3.0, 1.0], [2.0, 0.0]]).softmax(-1)
    wanted = (chances * torch.tensor([[10.0, 100.0], [1.0, 10.0]])).sum(-1)
    assert torch.allclose(out[:, 0], wanted)


@EACH_MIXTURE
def test_random_weights_count_as_the_configuration_says(config: LlamaConfig) -> None:
    model = with_random_weights(config, seed=1)
    assert sum(weight.numel() for weight in model.parameters()) == config.parameter_count()
