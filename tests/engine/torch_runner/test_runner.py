"""Steps of the torch runner against the readable model and against transformers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.precision import Precision
from paddock.engine.request import GREEDY
from paddock.engine.step import Row
from paddock.llama.model import Llama
from tests.engine.torch_runner.runners import Pool, Sequence_, prompt, runner_of, step_of
from tests.llama.twins import GENERATIONS, relative_error, twins

EACH_GENERATION = pytest.mark.parametrize("config", GENERATIONS.values(), ids=GENERATIONS.keys())
LLAMA_3 = GENERATIONS["llama 3.1, scaled positions"]


@torch.inference_mode()
def whole(model: torch.nn.Module, tokens: list[int]) -> torch.Tensor:
    """Logits of every position, from the whole text at once."""
    out = model(torch.tensor([tokens]))
    return (out if isinstance(model, Llama) else out.logits)[0]


@EACH_GENERATION
def test_mixed_steps_over_scattered_blocks_agree_with_transformers(config: LlamaConfig) -> None:
    ours, theirs = twins(config, seed=0)
    runner, pool = runner_of(ours), Pool()
    long, short, late = (Sequence_(pool) for _ in range(3))
    text, other, third = (prompt(config, length, length) for length in (150, 33, 20))
    runner.logits(step_of([(long, text[:50]), (short, other[:31])]))  # a chunk, a whole prompt
    runner.logits(step_of([(long, text[50:149]), (short, other[31:32]), (late, third[:1])]))
    last = runner.logits(step_of([(late, third[1:]), (short, other[32:]), (long, text[149:])]))
    truth = [whole(theirs, tokens)[-1] for tokens in (third, other, text)]
    assert relative_error(last, torch.stack(truth)) <= 1e-4
    assert relative_error(truth[0], truth[1]) > 0.1  # or rows could be confused unseen


def test_every_wanted_position_gives_its_logits_and_its_state() -> None:
    ours, _ = twins(LLAMA_3, seed=1)
    runner, pool = runner_of(ours), Pool()
    text = prompt(LLAMA_3, 40, 1)
    wanted = [0, 7, 16, 39]
    truth = whole(ours, text)
    step = step_of([(Sequence_(pool), text)], wanted=wanted)
    assert relative_error(runner.logits(step), truth[wanted]) <= 1e-5
    states = torch.from_numpy(runner.hidden(step))
    head = ours.lm_head.weight.detach()
    assert relative_error(states @ head.T, truth[wanted]) <= 1e-5


def test_bfloat16_rounds_as_the_readable_model_does() -> None:
    ours, _ = twins(LLAMA_3, seed=2)
    runner = runner_of(ours, Precision.BFLOAT16)
    text = prompt(LLAMA_3, 60, 2)
    truth = whole(ours.to(torch.bfloat16), text)
    logits = runner.logits(step_of([(Sequence_(Pool()), text)], wanted=range(60)))
    assert logits.dtype is torch.bfloat16
    assert relative_error(logits, truth) <= 0.02


def test_a_row_hardly_depends_on_what_else_is_in_the_step() -> None:
    ours, _ = twins(LLAMA_3, seed=3)
    runner, pool = runner_of(ours), Pool()
    text = prompt(LLAMA_3, 30, 3)
    alone = runner.logits(step_of([(Sequence_(pool), text)]))[0]
    crowd = [(Sequence_(pool), prompt(LLAMA_3, length, length)) for length in (1, 17, 90)]
    among = runner.logits(step_of([*crowd, (Sequence_(pool), text)]))[-1]
    assert relative_error(among, alone) <= 1e-6


def test_one_sequence_with_nan_spoils_no_other() -> None:
    ours, _ = twins(LLAMA_3, seed=4)
    with torch.no_grad():
        ours.model.embed_tokens.weight[5] = torch.nan
    runner, pool = runner_of(ours), Pool()
    good = [token for token in prompt(LLAMA_3, 20, 4) if token != 5]
    logits = runner.logits(step_of([(Sequence_(pool), [5, 1]), (Sequence_(pool), good)]))
    rows = [Row(GREEDY, position=2), Row(GREEDY, position=len(good))]
    spoilt, fine = runner.choose(logits, rows)
    assert spoilt is None
    assert fine is not None
    assert fine.token_id == int(whole(ours, good)[-1].argmax())


def test_blocks_take_the_memory_they_say() -> None:
    ours, _ = twins(LLAMA_3, seed=0)
    runner = runner_of(ours)
    cache = runner._cache
    assert cache is not None
    held = sum(each.nbytes for each in (*cache.keys, *cache.values))
    assert held == runner.block_bytes * (64 + 1)  # one is for padding


def test_too_many_blocks_are_a_memory_error() -> None:
    ours, _ = twins(LLAMA_3, seed=0)
    with pytest.raises(MemoryError):
        runner_of(ours).reserve(1 << 40)


def test_a_closed_runner_holds_nothing_and_says_so() -> None:
    ours, _ = twins(LLAMA_3, seed=0)
    runner = runner_of(ours)
    runner.close()
    assert runner.weights is None
    with pytest.raises(RuntimeError, match="closed"):
        runner.logits(step_of([(Sequence_(Pool()), [1])]))


def test_greedy_decoding_gives_the_tokens_of_the_readable_model() -> None:
    ours, _ = twins(LLAMA_3, seed=6)
    runner, sequence = runner_of(ours), Sequence_(Pool())
    text = prompt(LLAMA_3, 14, 6)
    new = text
    for _ in range(12):
        logits = runner.logits(step_of([(sequence, new)]))
        (token,) = runner.choose(logits, [Row(GREEDY, position=sequence.seen)])
        assert token is not None
        assert token.token_id == int(whole(ours, text)[-1].argmax())
        text, new = [*text, token.token_id], [token.token_id]
    assert isinstance(runner.hidden(step_of([(Sequence_(Pool()), text)])), np.ndarray)
