"""What the native runner refuses, what it isolates, and how it ends."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import paddock.starter
from paddock.checkpoint.opening import open_checkpoint
from paddock.engine.native.angles import Angles
from paddock.engine.native.runner import NativeRunner
from paddock.engine.precision import Precision
from paddock.engine.step import Step
from paddock.kernels.step_library import step_levels
from paddock.llama.generate import Sampling, generate
from paddock.llama.loading import load
from paddock.llama.rope import inverse_frequencies, rotation
from tests.engine.native.models import (
    STRETCHED,
    Piece,
    all_logits,
    blocks_for,
    packed,
    random_tensors,
    small,
    step_of,
    whole,
)

CONFIG = small()
LEVELS = [library.level for library in step_levels()]


@pytest.fixture
def runner() -> Iterator[NativeRunner]:
    runner = NativeRunner(packed(CONFIG, random_tensors(CONFIG)), threads=2)
    runner.reserve(16)
    yield runner
    runner.close()


SOUND = step_of(whole([1, 2, 3]), whole([4, 5], first_block=1))


def changed(**arrays: object) -> Step:
    fields = {name: getattr(SOUND, name) for name in Step.__slots__}
    for name, values in arrays.items():
        fields[name] = np.array(values, np.int32) if isinstance(values, list) else values
    return Step(**fields)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (changed(tokens_T=[1, 2, 3, 131, 5]), "the token 131 is not in the vocabulary"),
        (changed(tokens_T=[1, 2, 3, -1, 5]), "the token -1 is not"),
        (changed(starts_S=[0, 3, 6]), "cannot begin at token 6"),
        (changed(starts_S=[0, 0, 5]), "cannot begin at token 0"),
        (changed(starts_S=[1, 3, 5]), "cannot begin at token 1"),
        (changed(starts_S=[0, 5]), "starts are 2, not 3"),
        (changed(lengths_S=[2, 2]), "cannot have 2 tokens"),
        (changed(lengths_S=[3, 17]), "cannot have 17 tokens"),
        (changed(lengths_S=[3, 2**31 - 1]), "cannot have 2147483647 tokens"),
        (changed(tables_SB=[[0], [16]]), "there is no block 16"),
        (changed(tables_SB=[[0], [-1]]), "there is no block -1"),
        (changed(tables_SB=[0, 1]), "are not 2 rows"),
        (changed(adapters_S=[-1, 0]), "no adapter in slot 0"),
        (changed(adapters_S=[-2, -1]), "no adapter in slot -2"),
        (changed(wanted_R=[0, 5]), "the row 5 cannot be wanted"),
        (changed(wanted_R=[1, 1]), "the row 1 cannot be wanted"),
        (changed(tokens_T=np.arange(5)), "must be one line of int32"),
        (changed(tokens_T=np.arange(10, dtype=np.int32)[::2]), "must be one line of int32"),
        (changed(tokens_T=[]), "a step cannot have 0 tokens"),
    ],
)
def test_a_step_that_leads_outside_is_refused_in_words(
    runner: NativeRunner, step: Step, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        runner.logits(step)
    assert np.isfinite(runner.logits(SOUND)).all()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    field=st.sampled_from(Step.__slots__),
    place=st.integers(0, 4),
    number=st.integers(-3, 20) | st.integers(-(2**31), 2**31 - 1),
)
def test_any_one_number_of_a_step_is_refused_or_computed(
    runner: NativeRunner, field: str, place: int, number: int
) -> None:
    values = getattr(SOUND, field).copy()
    values.flat[place % values.size] = number
    with suppress(ValueError):
        assert np.isfinite(runner.logits(changed(**{field: values}))).all()
    assert np.isfinite(runner.logits(SOUND)).all()


def test_a_sequence_longer_than_the_context_is_refused() -> None:
    config = small(context=40)
    runner = NativeRunner(packed(config, random_tensors(config)), threads=1)
    runner.reserve(4)
    assert len(runner.logits(step_of(whole(range(40))))) == 40
    with pytest.raises(ValueError, match="cannot have 41 tokens"):
        runner.logits(step_of(whole(range(41))))
    runner.close()


@pytest.mark.parametrize("level", LEVELS)
def test_a_token_without_numbers_spoils_its_own_sequence_alone(level: int) -> None:
    """Its block is then given to another, which must not meet what is left there."""
    for precision in (Precision.FLOAT32, Precision.BFLOAT16):
        weights = packed(CONFIG, random_tensors(CONFIG), precision)
        embeddings = weights.embeddings.panels.view()
        runner = NativeRunner(weights, level=level, threads=2)
        runner.reserve(16)
        wanted = runner.logits(step_of(whole([1, 2, 3]))).copy()
        # Token 7 is column 7 of the first panel: its first input, a word's low half, becomes NaN.
        embeddings[4 * 7 : 4 * 8].view(np.uint32)[0] = 0x7FC07FC0
        rows = runner.logits(step_of(whole([7] * 30, 2), whole([1, 2, 3], 0), whole([7, 1], 1)))
        assert np.isnan(rows[:30]).all()
        assert np.array_equal(rows[30:33], wanted)
        assert np.isnan(rows[33:]).all()
        rows = runner.logits(step_of(whole([1, 2, 3], 2)))
        assert np.array_equal(rows, wanted)
        runner.close()


@pytest.mark.parametrize("config", [CONFIG, small(head_dim=80, rope_scaling=STRETCHED)])
def test_angles_are_those_of_the_readable_model(config: object) -> None:
    import torch

    angles = Angles(config, 5000)
    angles.fill(5000)
    cos, sin = rotation(torch.arange(5000)[None], inverse_frequencies(config))
    # A frequency may differ by its last bit, which 5000 positions enlarge.
    assert np.allclose(angles.cos_PH, cos[0, :, 0].numpy(), atol=1e-3)
    assert np.allclose(angles.sin_PH, sin[0, :, 0].numpy(), atol=1e-3)
    assert np.allclose(angles.sin_PH[:64], sin[0, :64, 0].numpy(), atol=1e-5)


def test_the_starter_model_says_what_it_says_in_pytorch() -> None:
    folder = paddock.starter.starter_folder()
    model, tokenizer = load(folder)
    prompt = tokenizer.encode("When do you open on Sunday?")
    said = [new.token_id for new in generate(model, prompt, Sampling(max_tokens=40))]
    checkpoint = open_checkpoint(folder)
    weights = packed(checkpoint.config, list(checkpoint.tensors), Precision.FLOAT32)
    runner = NativeRunner(weights, threads=2)
    table = range(blocks_for(len(prompt) + len(said)))
    runner.reserve(len(table))
    tokens, new = list(prompt), list(prompt)
    for _ in said:
        piece = Piece(new, len(tokens), table, [len(new) - 1])
        new = [int(runner.logits(step_of(piece))[0].argmax())]
        tokens += new
    assert tokens[len(prompt) :] == said
    runner.close()


def test_room_that_no_machine_has_is_a_memory_error_and_the_runner_goes_on() -> None:
    runner = NativeRunner(packed(CONFIG, random_tensors(CONFIG)), threads=1)
    with pytest.raises(MemoryError, match="no room for"):
        runner.reserve(1 << 45)
    runner.reserve(2)
    with pytest.raises(ValueError, match="cannot be reserved"):
        runner.reserve(2)
    assert len(all_logits(runner, [1])) == 1
    runner.close()


def test_a_closed_runner_has_no_threads_left_and_says_so() -> None:
    def threads() -> set[str]:
        found = set()
        for path in Path("/proc/self/task").glob("*/comm"):
            with suppress(FileNotFoundError):  # of a thread that just ended
                found |= {path.parent.name} if path.read_text() == "paddock-step\n" else set()
        return found

    def soon(holds: Callable[[], bool]) -> bool:
        """Threads that end are listed a moment longer, and hide others from the list."""
        return any(holds() or time.sleep(0.001) for _ in range(1000))

    before = set.union(*(threads() for _ in range(5)))
    others = [NativeRunner(packed(CONFIG, random_tensors(CONFIG)), threads=3) for _ in range(2)]
    for other in others:
        other.reserve(2)
        other.logits(SOUND)
    assert soon(lambda: len(threads() - before) == 4)
    for other in others:
        other.close()
        other.close()
    assert soon(lambda: not threads() - before)
    with pytest.raises(ValueError, match="closed"):
        others[0].logits(SOUND)


def test_two_runners_work_at_the_same_time(runner: NativeRunner) -> None:
    other = NativeRunner(packed(CONFIG, random_tensors(CONFIG)), threads=2)
    other.reserve(16)
    wanted = runner.logits(SOUND).copy()
    same: list[bool] = []

    def work(one: NativeRunner) -> None:
        same.extend(np.array_equal(one.logits(SOUND), wanted) for _ in range(50))

    workers = [threading.Thread(target=work, args=(one,)) for one in (runner, other)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert same == [True] * 100
    other.close()


def test_a_forked_process_is_told_that_it_has_no_team(runner: NativeRunner) -> None:
    def child(answers: multiprocessing.SimpleQueue[str]) -> None:
        try:
            runner.logits(SOUND)
        except RuntimeError as e:
            answers.put(str(e))

    context = multiprocessing.get_context("fork")
    answers: multiprocessing.SimpleQueue[str] = context.SimpleQueue()
    process = context.Process(target=child, args=(answers,))
    process.start()
    assert "only in the process that opened it" in answers.get()
    process.join()
    assert np.isfinite(runner.logits(SOUND)).all()


def test_weights_of_another_shape_are_refused() -> None:
    weights = packed(CONFIG, random_tensors(CONFIG))
    for wrong in (
        replace(weights, config=small(ffn_dim=161)),
        replace(weights, config=small(layers=3)),
        replace(weights, config=small(heads=8)),
        replace(weights, final_norm=weights.final_norm[:-1]),
        replace(weights, head=replace(weights.head, panels=weights.head.panels[:-64])),
    ):
        with pytest.raises(ValueError):
            NativeRunner(wrong, threads=1)
