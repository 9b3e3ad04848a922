"""Meta's params.json, written so that Meta's own formulas give the same model again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.errors import UnsupportedModel
from paddock.checkpoint.meta.params import WeightFacts, ffn_dim, parse_params
from paddock.checkpoint.meta.params_writing import render_params
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.published import PUBLISHED
from tests.checkpoint.samples import TINY


def facts(config: LlamaConfig) -> WeightFacts:
    return WeightFacts(config.vocab_size, config.ffn_dim, config.tied_embeddings, config.dtype)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_llama_comes_back(name: str) -> None:
    config = PUBLISHED[name]
    back = parse_params(render_params(config), facts(config))
    assert replace(back, eos_ids=config.eos_ids) == config


@given(st.integers(1, 2048), st.integers(1, 1 << 15))
def test_any_ffn_has_a_formula(half_dim: int, wanted: int) -> None:
    dim = 2 * half_dim
    config = replace(TINY, dim=dim, heads=1, kv_heads=1, head_dim=dim, ffn_dim=wanted)
    params = render_params(config)
    assert ffn_dim(config.dim, params.get("ffn_dim_multiplier"), params["multiple_of"]) == wanted


def test_what_has_no_key_is_refused_by_name() -> None:
    scaling = PUBLISHED["llama-3.1-8b"].rope_scaling
    assert scaling is not None
    for config, reason in (
        (replace(TINY, head_dim=16), "head_dim"),
        (replace(TINY, rope_scaling=replace(scaling, original_context=4096)), "rope_scaling"),
        (replace(TINY, rope_scaling=replace(scaling, low_freq_factor=2.0)), "rope_scaling"),
    ):
        with pytest.raises(UnsupportedModel) as refused:
            render_params(config)
        assert refused.value.reason == reason
