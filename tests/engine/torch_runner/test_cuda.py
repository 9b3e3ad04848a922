"""The runner on a GPU, where there is one: captured steps, drawing and memory."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from paddock.engine.precision import Precision
from paddock.engine.request import GREEDY, Sampling
from paddock.engine.sampling.sampler import choose
from paddock.engine.step import Row
from paddock.engine.torch_runner.opening import TorchOptions, open_torch_model
from paddock.engine.torch_runner.runner import TorchRunner
from paddock.starter import starter_folder
from tests.engine.torch_runner.runners import Pool, Sequence_, prompt, step_of
from tests.llama.twins import relative_error

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def opened(device: str, precision: Precision = Precision.BFLOAT16) -> TorchRunner:
    runner = open_torch_model(Path(starter_folder()), TorchOptions(precision, device))
    runner.reserve(64)
    return runner


def test_a_gpu_is_taken_where_there_is_one() -> None:
    runner = open_torch_model(Path(starter_folder()))
    assert runner.weights is not None
    assert runner.weights.device.type == "cuda"


@pytest.mark.parametrize("precision", list(Precision))
def test_prompts_and_captured_steps_agree_with_the_cpu(precision: Precision) -> None:
    """Of prompts in chunks, and of decoding in sizes that grow and shrink."""
    gpu, cpu = opened("cuda", precision), opened("cpu", precision)
    most = 1e-4 if precision is Precision.FLOAT32 else 0.05
    pools = Pool(), Pool()
    both = [[Sequence_(pool) for _ in range(5)] for pool in pools]
    prompts = [prompt(gpu.config, length, length) for length in (3, 15, 16, 40, 90)]
    for part in (slice(0, 2), slice(2, None)):
        steps = [
            step_of([(s, text[part]) for s, text in zip(some, prompts, strict=True)])
            for some in both
        ]
        ours, theirs = gpu.logits(steps[0]).clone(), cpu.logits(steps[1])
        assert relative_error(ours.float().cpu(), theirs) <= most
    for active in (5, 2, 5, 1, 5):
        steps = [step_of([(s, [active]) for s in some[:active]]) for some in both]
        ours, theirs = gpu.logits(steps[0]), cpu.logits(steps[1])
        assert relative_error(ours.float().cpu(), theirs) <= most


def test_tokens_are_drawn_on_the_gpu_as_on_the_cpu() -> None:
    runner = opened("cuda")
    logits = torch.randn(12, runner.config.vocab_size, device="cuda") * 3
    rows = [Row(GREEDY, 1), Row(Sampling(seed=3), 2), Row(Sampling(top_p=0.8, top_k=30), 3)] * 4
    ours = runner.choose(logits, rows)
    theirs = choose(logits.cpu().numpy(), rows)
    assert [t and t.token_id for t in ours] == [t and t.token_id for t in theirs]


def test_a_full_gpu_is_a_memory_error_and_closing_frees() -> None:
    runner = opened("cuda")
    with pytest.raises(MemoryError):
        runner.reserve(1 << 40)
    runner.logits(step_of([(Sequence_(Pool()), [1])]))
    held = torch.cuda.memory_allocated()
    runner.close()
    assert torch.cuda.memory_allocated() < held / 2
