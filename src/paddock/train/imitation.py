"""Stand-ins for layers: trained to do what a layer does, without ever seeing its weights.

Two streams of hidden states run through the model, layer by layer: the whole model's and the open
version's. Where a layer has tensors to be trained, it begins as the open version has it, drawn from
a seed, and learns by gradient descent to bring the open version's stream where the whole model's
goes; the last texts are held out, to measure it. Memory holds one layer and the streams.
The same inputs give the same weights on one type of machine: the same processor and number of
threads, and the same release of PyTorch. Elsewhere, sums may round otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import kl_div, linear, log_softmax

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.shape.layout import EMBEDDINGS, FINAL_NORM, HEAD
from paddock.checkpoint.tensors import Tensor as StoredTensor
from paddock.llama.layers import Block, Step, normalised
from paddock.llama.loading import read_weight
from paddock.train.streams import embedded, layer_of, prefix_of, step_of, through

BATCH = 8  # sequences
HELD_OUT = 8  # one sequence in so many, at least one
LEARNING_RATE = 2e-3

Keep = Callable[[str, NDArray[Any]], None]  # a tensor's name in the source, its float32 numbers


class Task(NamedTuple):
    """What is to be learnt; all names are the source's."""

    config: LlamaConfig
    whole: Mapping[str, StoredTensor]
    opened: Mapping[str, StoredTensor]  # the open version before training; no dropped layers
    trained: frozenset[str]
    tokens_ST: NDArray[Any]  # sequences of one length
    steps: int
    seed: int
    rows: Mapping[str, Sequence[int]] = MappingProxyType({})  # where not all of a tensor is trained


class LayerFit(NamedTuple):
    """How much of what a layer adds its stand-in misses, on held-out texts: mean squares' ratio."""

    layer: int
    before: float  # as it began
    after: float
    without: float  # with nothing in its place


class Imitated(NamedTuple):
    """What was measured."""

    layers: tuple[LayerFit, ...]
    kl: float  # of the open version from the whole model, in nats a token, on held-out texts
    tokens: int  # that were learnt on
    held_out: int


def imitate(task: Task, keep: Keep) -> Imitated:
    """Train every layer that has something to be trained, in order, handing weights to ``keep``."""
    tokens_ST = torch.from_numpy(task.tokens_ST)
    test = max(1, len(tokens_ST) // HELD_OUT)
    step = step_of(task.config, tokens_ST.shape[1])
    whole_STD = embedded(task.whole, tokens_ST)
    open_STD = embedded(task.opened, tokens_ST)
    fits = []
    for layer in range(task.config.layers):
        before_STD = whole_STD
        teacher = layer_of(task.config, task.whole, layer)
        whole_STD = through(teacher, whole_STD, step)
        del teacher
        if prefix_of(layer) + "input_layernorm.weight" not in task.opened:
            continue
        student = layer_of(task.config, task.opened, layer)
        learnt = [n for n in student.state_dict() if prefix_of(layer) + n in task.trained]
        if learnt:
            streams = _Streams(open_STD, whole_STD, before_STD, len(tokens_ST) - test)
            fits.append(_fit(student, learnt, streams, step, task, layer))
            for name in learnt:
                weight = student.get_parameter(name).detach()
                keep(prefix_of(layer) + name, weight.numpy())
        open_STD = through(student, open_STD, step)
    kl = _divergence(task, whole_STD[-test:], open_STD[-test:])
    length = tokens_ST.shape[1]
    return Imitated(tuple(fits), kl, (len(tokens_ST) - test) * length, test * length)


class _Streams(NamedTuple):
    """Hidden states around one layer; the last sequences, after ``known``, are held out."""

    open_STD: torch.Tensor
    target_STD: torch.Tensor
    before_STD: torch.Tensor
    known: int


def _fit(
    student: Block, learnt: list[str], streams: _Streams, step: Step, task: Task, layer: int
) -> LayerFit:
    before = _missed(student, streams, step)
    parameters = [student.get_parameter(name).requires_grad_() for name in learnt]
    for name, parameter in zip(learnt, parameters, strict=True):
        if (rows := task.rows.get(prefix_of(layer) + name)) is not None:
            _train_rows(parameter, rows)
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE)
    choice = torch.Generator().manual_seed((task.seed + layer) % (1 << 63))
    for number in range(task.steps):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (1 - 0.9 * number / task.steps)
        chosen = torch.randint(streams.known, (min(BATCH, streams.known),), generator=choice)
        made_BTD = student(streams.open_STD[chosen], step)
        loss = (made_BTD - streams.target_STD[chosen]).square().mean()
        optimizer.zero_grad()
        if not loss.requires_grad:  # no token of these texts is sent to the experts that learn
            continue
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    return LayerFit(layer, before, _missed(student, streams, step), _missed(None, streams, step))


def _train_rows(parameter: torch.Tensor, rows: Sequence[int]) -> None:
    """Let gradients reach these rows alone: with none, Adam leaves a weight as it is."""
    mask = torch.zeros(len(parameter), *[1] * (parameter.ndim - 1))
    mask[list(rows)] = 1.0
    parameter.register_hook(lambda gradient: gradient * mask)  # type: ignore[no-untyped-call]


@torch.no_grad()
def _missed(student: Block | None, streams: _Streams, step: Step) -> float:
    """Mean square of what is missing after the layer, over that of what the layer adds."""
    made, target = streams.open_STD[streams.known :], streams.target_STD[streams.known :]
    made = made if student is None else through(student, made, step)
    added = (target - streams.before_STD[streams.known :]).double().square().mean()
    missing = (made - target).double().square().mean()
    return float(missing / added.clamp(min=torch.finfo(torch.float64).tiny))


@torch.no_grad()
def _divergence(task: Task, whole_STD: torch.Tensor, open_STD: torch.Tensor) -> float:
    """Mean KL divergence of the next token's distribution, in nats."""
    total, count = 0.0, 0
    whole_head, open_head = _head(task, task.whole), _head(task, task.opened)
    for whole, opened in zip(whole_STD, open_STD, strict=True):
        wanted, found = whole_head(whole), open_head(opened)
        total += float(kl_div(found, wanted, log_target=True, reduction="sum"))
        count += len(wanted)
    return total / count


def _head(
    task: Task, tensors: Mapping[str, StoredTensor]
) -> Callable[[torch.Tensor], torch.Tensor]:
    norm = read_weight(tensors[FINAL_NORM]).float()
    name = EMBEDDINGS if task.config.tied_embeddings else HEAD
    head = read_weight(tensors[name]).float()

    def distribution(x_TD: torch.Tensor) -> torch.Tensor:
        logits = linear(normalised(x_TD, norm, task.config.norm_eps), head)
        return log_softmax(logits.double(), -1)

    return distribution


def sequences(ids: Iterator[int], length: int, most: int) -> list[list[int]]:
    """Whole sequences of ``length`` tokens, at most ``most``; a rest is left over."""
    found: list[list[int]] = [[]]
    for token in ids:
        found[-1].append(token)
        if len(found[-1]) == length:
            if len(found) == most:
                return found
            found.append([])
    return found[:-1]
