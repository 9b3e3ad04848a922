"""A model learns to say what another says: the next token's whole distribution, not only its best.

The loss is the KL divergence from teacher to student at every position (Hinton et al. 2015, at
temperature 1). The last texts are held out, and measure it before and after. The same inputs give
the same weights on one type of machine, number of threads and release of PyTorch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import kl_div, log_softmax

from paddock.checkpoint.opening import Checkpoint
from paddock.checkpoint.shape.layout import expected_shapes
from paddock.llama.loading import from_tensors
from paddock.llama.model import Llama

BATCH = 8  # sequences
HELD_OUT = 8  # one sequence in so many, at least one
WARM_UP = 0.1  # of all steps, linearly


class Lesson(NamedTuple):
    """What is learnt from, and how."""

    tokens_ST: NDArray[Any]  # sequences of one length
    steps: int
    learning_rate: float
    seed: int


class Learnt(NamedTuple):
    """The weights by name, float32, and the divergence on held-out texts in nats a token."""

    weights: dict[str, NDArray[np.float32]]
    before: float
    after: float
    tokens: int
    held_out_tokens: int


def distil_logits(student: Checkpoint, teacher: Checkpoint, lesson: Lesson) -> Learnt:
    """Train all of the student's weights; both models are in memory, in float32."""
    pupil = from_tensors(student.config, student.tensors, dtype=torch.float32)
    tutor = from_tensors(teacher.config, teacher.tensors, dtype=torch.float32)
    tokens_ST = torch.from_numpy(lesson.tokens_ST)
    test = max(1, len(tokens_ST) // HELD_OUT)
    known_ST, test_ST = tokens_ST[:-test], tokens_ST[-test:]
    before = _divergence(pupil, tutor, test_ST)
    _train(pupil, tutor, known_ST, lesson)
    after = _divergence(pupil, tutor, test_ST)
    named = dict(pupil.named_parameters())
    weights = {name: named[name].detach().numpy() for name in expected_shapes(student.config)}
    return Learnt(weights, before, after, known_ST.numel(), test_ST.numel())


def _train(pupil: Llama, tutor: Llama, known_ST: torch.Tensor, lesson: Lesson) -> None:
    parameters = [p.requires_grad_() for p in pupil.parameters() if p.is_floating_point()]
    optimizer = torch.optim.AdamW(parameters, lr=lesson.learning_rate, weight_decay=0.0)
    choice = torch.Generator().manual_seed(lesson.seed % (1 << 63))
    warm = max(1, int(WARM_UP * lesson.steps))
    for number in range(lesson.steps):
        share = min(1.0, (number + 1) / warm) * (1 - 0.9 * number / lesson.steps)
        for group in optimizer.param_groups:
            group["lr"] = lesson.learning_rate * share
        chosen = torch.randint(len(known_ST), (min(BATCH, len(known_ST)),), generator=choice)
        tokens_BT = known_ST[chosen]
        with torch.no_grad():
            wanted = log_softmax(_logits(tutor, tokens_BT), -1)
        said = log_softmax(_logits(pupil, tokens_BT), -1)
        loss = kl_div(said, wanted, log_target=True, reduction="sum") / tokens_BT.numel()
        optimizer.zero_grad()
        torch.autograd.backward([loss])
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    for parameter in parameters:
        parameter.requires_grad_(False)


@torch.no_grad()
def _divergence(pupil: Llama, tutor: Llama, tokens_ST: torch.Tensor) -> float:
    """Mean KL divergence of the student from the teacher, in nats a token."""
    total = 0.0
    for part in torch.split(tokens_ST, BATCH):
        wanted = log_softmax(_logits(tutor, part).double(), -1)
        said = log_softmax(_logits(pupil, part).double(), -1)
        total += float(kl_div(said, wanted, log_target=True, reduction="sum"))
    return total / tokens_ST.numel()


def _logits(model: Llama, tokens_BT: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = model(tokens_BT)
    return logits
