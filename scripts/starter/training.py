"""A short training run on the CPU: AdamW, warm-up and cosine, batches of similar lengths."""

from __future__ import annotations

import math
import random
import sys
import time
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from paddock.llama.model import Llama
from starter.encoding import Example


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast."""

    steps: int
    batch_tokens: int = 2560
    peak_rate: float = 3e-3
    warmup_steps: int = 50
    weight_decay: float = 0.05
    clip: float = 1.0

    def rate(self, step: int) -> float:
        """Learning rate of one step: up in a line, down to nothing along a cosine."""
        warm = min(1.0, (step + 1) / self.warmup_steps)
        return self.peak_rate * warm * 0.5 * (1 + math.cos(math.pi * step / self.steps))


def batches(examples: list[Example], batch_tokens: int, seed: int) -> list[list[Example]]:
    """All examples once, in batches of similar length and about equal size, in random order."""
    ordered = sorted(examples, key=lambda example: len(example.ids))
    made: list[list[Example]] = [[]]
    for example in ordered:
        if (len(made[-1]) + 1) * len(example.ids) > batch_tokens:
            made.append([])
        made[-1].append(example)
    random.Random(seed).shuffle(made)
    return made


def train(model: Llama, rounds: list[list[Example]], schedule: Schedule) -> list[float]:
    """Train in place on one batch per step; returns the loss of every step."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim == 1]
    groups = [
        {"params": decayed, "weight_decay": schedule.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=schedule.peak_rate, betas=(0.9, 0.98), fused=True)
    losses: list[float] = []
    started = time.monotonic()
    for step in range(schedule.steps):
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step)
        loss = batch_loss(model, rounds[step % len(rounds)])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
        optimizer.step()
        losses.append(loss.item())
        if step % 50 == 0 or step == schedule.steps - 1:
            seconds = time.monotonic() - started
            print(f"step {step:5d}  loss {losses[-1]:.4f}  {seconds:6.1f} s", file=sys.stderr)
    return losses


def batch_loss(model: Llama, batch: list[Example]) -> Tensor:
    """Weighted mean cross-entropy of the next token; rows are padded on the right."""
    longest = max(len(example.ids) for example in batch)
    tokens_BT = torch.tensor([e.ids + [0] * (longest - len(e.ids)) for e in batch])
    weights_BT = torch.tensor([e.weights + [0.0] * (longest - len(e.ids)) for e in batch])
    with torch.autocast("cpu", torch.bfloat16):
        logits_BTV = model(tokens_BT[:, :-1])
    losses = functional.cross_entropy(
        logits_BTV.flatten(0, 1).float(), tokens_BT[:, 1:].flatten(), reduction="none"
    )
    weights = weights_BT[:, 1:].flatten()
    return (losses * weights).sum() / weights.sum()
