"""The model against transformers, generation by generation, on random weights."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.published import PUBLISHED
from paddock.llama.cache import KVCache
from paddock.llama.model import Llama, with_random_weights
from tests.llama.twins import GENERATIONS, in_bfloat16, relative_error, tokens, twins

SEEDS = (0, 1, 2)
EACH_GENERATION = pytest.mark.parametrize("config", GENERATIONS.values(), ids=GENERATIONS.keys())


@EACH_GENERATION
@pytest.mark.parametrize("seed", SEEDS)
@torch.inference_mode()
def test_float32_logits_agree_with_transformers(config: LlamaConfig, seed: int) -> None:
    ours, theirs = twins(config, seed)
    tokens_BT = tokens(config, batch=2, length=100, seed=seed)
    assert relative_error(ours(tokens_BT), theirs(tokens_BT).logits) <= 1e-4


@EACH_GENERATION
@torch.inference_mode()
def test_bfloat16_is_as_good_as_that_of_transformers(config: LlamaConfig) -> None:
    agreeing, positions = 0, 0
    for seed in SEEDS:
        ours, theirs = twins(config, seed)
        tokens_BT = tokens(config, batch=8, length=128, seed=seed)
        truth = theirs(tokens_BT).logits
        their_logits = in_bfloat16(theirs)(tokens_BT).logits
        our_logits = ours.to(torch.bfloat16)(tokens_BT)
        assert relative_error(our_logits, truth) <= 2 * relative_error(their_logits, truth)
        agreeing += int((our_logits.argmax(-1) == their_logits.argmax(-1)).sum())
        positions += tokens_BT.numel()
    assert agreeing >= 0.999 * positions


@EACH_GENERATION
@torch.inference_mode()
def test_a_left_padded_batch_agrees_with_transformers(config: LlamaConfig) -> None:
    ours, theirs = twins(config, seed=3)
    tokens_BT = tokens(config, batch=3, length=40, seed=3)
    padding_B = torch.tensor([0, 7, 31])
    real_BT = torch.arange(40) >= padding_B[:, None]
    positions_BT = (real_BT.cumsum(-1) - 1).clamp(min=0)
    truth = theirs(tokens_BT, attention_mask=real_BT.long(), position_ids=positions_BT).logits
    logits_BTV = ours(tokens_BT, padding_B=padding_B)
    assert logits_BTV.isfinite().all()
    assert relative_error(logits_BTV[real_BT], truth[real_BT]) <= 1e-4


@EACH_GENERATION
@torch.inference_mode()
def test_padding_does_not_change_a_row(config: LlamaConfig) -> None:
    ours, _ = twins(config, seed=4)
    row_1T = tokens(config, batch=1, length=20, seed=4)
    padded_1T = torch.cat((tokens(config, 1, 11, seed=5), row_1T), dim=1)
    alone = ours(row_1T)
    padded = ours(padded_1T, padding_B=torch.tensor([11]))[:, 11:]
    assert relative_error(padded, alone) <= 1e-5


@EACH_GENERATION
@torch.inference_mode()
def test_chunked_prefill_then_single_tokens_equal_one_pass(config: LlamaConfig) -> None:
    ours, _ = twins(config, seed=6)
    tokens_BT = tokens(config, batch=3, length=48, seed=6)
    padding_B = torch.tensor([0, 5, 20])
    whole = ours(tokens_BT, padding_B=padding_B)
    cache = KVCache(config, capacity=48, padding_B=padding_B)
    cuts = [0, 16, 23, 30, *range(31, 49)]  # the last row begins inside the second chunk
    parts = [ours(tokens_BT[:, a:b], cache) for a, b in pairwise(cuts)]
    real_BT = torch.arange(48) >= padding_B[:, None]
    assert relative_error(torch.cat(parts, dim=1)[real_BT], whole[real_BT]) <= 1e-5


@torch.inference_mode()
def test_the_last_logits_alone_are_the_last_of_all() -> None:
    ours, _ = twins(GENERATIONS["llama 3.2, tied"], seed=7)
    tokens_BT = tokens(ours.config, batch=2, length=9, seed=7)
    last = ours(tokens_BT, last_only=True)
    assert last.shape == (2, 1, ours.config.vocab_size)
    assert relative_error(last[:, 0], ours(tokens_BT)[:, -1]) <= 1e-6


def test_a_full_cache_refuses_another_token() -> None:
    ours, _ = twins(GENERATIONS["llama 3, large theta"], seed=8)
    cache = KVCache(ours.config, capacity=4, padding_B=torch.tensor([0]))
    ours(tokens(ours.config, 1, 4, seed=8), cache)
    with pytest.raises(ValueError, match="position 5"):
        ours(tokens(ours.config, 1, 1, seed=8), cache)


def test_the_405b_shape_has_the_published_number_of_parameters() -> None:
    model = Llama(PUBLISHED["llama-3.1-405b"])
    assert model.weight.is_meta
    assert sum(weight.numel() for weight in model.parameters()) == 405_853_388_800


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_shape_is_built_as_counted(name: str) -> None:
    config = PUBLISHED[name]
    built = sum(weight.numel() for weight in Llama(config).parameters())
    assert built == config.parameter_count()


def test_random_weights_come_from_the_seed() -> None:
    config = GENERATIONS["llama 3.2, tied"]
    first, again = (with_random_weights(config, seed=1) for _ in range(2))
    other = with_random_weights(config, seed=2)
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
