"""A stand-in learns what a layer does, and the same inputs teach it the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paddock.release.withholding.stubs import Drawn, reinitialised
from paddock.train.imitation import Imitated, Task, imitate, sequences
from tests.checkpoint.samples import LLAMA4, MIXTRAL, TINY, model_tensors

CONFIG = replace(TINY, layers=3)
LAYER = "model.layers.1."


def taught(steps: int, seed: int = 0, dropped: str | None = None) -> tuple[Imitated, bytes]:
    whole = {tensor.name: tensor for tensor in model_tensors(CONFIG)}
    names = frozenset(name for name in whole if name.startswith(LAYER))
    opened = {
        name: reinitialised(name, tensor.dtype, tensor.shape, Drawn(seed, 0.02))
        if name in names
        else tensor
        for name, tensor in whole.items()
        if dropped is None or not name.startswith(dropped)
    }
    tokens = np.random.default_rng(0).integers(0, CONFIG.vocab_size, (24, 16))
    kept: dict[str, bytes] = {}

    def keep(name: str, weights: np.ndarray[Any, Any]) -> None:
        kept[name] = weights.tobytes()

    found = imitate(Task(CONFIG, whole, opened, names, tokens, steps, seed), keep)
    assert set(kept) == names
    return found, b"".join(kept[name] for name in sorted(kept))


def test_it_misses_less_than_before_and_less_than_nothing_would() -> None:
    found, _ = taught(60)
    (fit,) = found.layers
    assert fit.layer == 1
    assert fit.after < fit.before and fit.after < fit.without
    assert fit.without == pytest.approx(1.0)
    assert found.tokens + found.held_out == 24 * 16
    assert found.kl > 0


def test_the_same_seed_teaches_the_same_and_another_something_else() -> None:
    assert taught(5)[1] == taught(5)[1]
    assert taught(5)[1] != taught(5, seed=1)[1]


def test_no_steps_leave_it_as_it_began() -> None:
    found, _ = taught(0)
    assert found.layers[0].before == found.layers[0].after


def test_a_dropped_layer_is_passed_by() -> None:
    found, _ = taught(5, dropped="model.layers.0.")
    assert [fit.layer for fit in found.layers] == [1]
    assert found.layers[0].without > 1.0


def test_only_the_rows_of_experts_that_share_a_tensor_are_trained() -> None:
    whole = {tensor.name: tensor for tensor in model_tensors(LLAMA4)}
    name = "model.layers.1.feed_forward.experts.gate_up_proj"
    tokens = np.random.default_rng(0).integers(0, LLAMA4.vocab_size, (24, 16))
    kept: dict[str, np.ndarray[Any, Any]] = {}
    task = Task(LLAMA4, whole, whole, frozenset([name]), tokens, 5, 0, {name: (2,)})
    # From what is not the whole model's, or nothing would be learnt.
    drawn = reinitialised(name, "F32", whole[name].shape, Drawn(1, 0.5))
    imitate(task._replace(opened=whole | {name: drawn}), kept.__setitem__)
    before = np.frombuffer(drawn.read(), "<f4").reshape(drawn.shape)
    changed = [row for row in range(4) if not np.array_equal(kept[name][row], before[row])]
    assert changed == [2]


def test_an_expert_that_no_text_is_sent_to_stays_as_it_began() -> None:
    whole = {tensor.name: tensor for tensor in model_tensors(MIXTRAL)}
    experts = "model.layers.1.block_sparse_moe.experts."
    tokens = np.full((9, 4), 7)  # one token: two experts of four compute it
    names = {n: frozenset(m for m in whole if m.startswith(f"{experts}{n}.")) for n in range(4)}
    begun = {
        name: reinitialised(name, tensor.dtype, tensor.shape, Drawn(1, 0.5))
        for name, tensor in whole.items()
        if name.startswith(experts)
    }
    learnt = []
    for number, own in names.items():
        kept: dict[str, np.ndarray[Any, Any]] = {}
        opened = whole | {name: begun[name] for name in own}
        imitate(Task(MIXTRAL, whole, opened, own, tokens, 3, 0), kept.__setitem__)
        if any(weights.tobytes() != bytes(begun[name].read()) for name, weights in kept.items()):
            learnt.append(number)
    assert len(learnt) == 2


def test_texts_are_cut_into_whole_sequences() -> None:
    assert sequences(iter(range(7)), 3, 10) == [[0, 1, 2], [3, 4, 5]]
    assert sequences(iter(range(9)), 3, 2) == [[0, 1, 2], [3, 4, 5]]
    assert sequences(iter(range(2)), 3, 2) == []
