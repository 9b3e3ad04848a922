"""Mixtures of experts: a router sends each token to a few of many feed-forwards.

Letters as in ``layers``, and E experts, C those that are chosen for a token, T tokens of all rows.
Knows which experts compute a token and with what weight; each is computed once, for all tokens that
were sent to it. Module names are those of Hugging Face's files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paddock.checkpoint.shape.experts import Experts


class Routed(NamedTuple):
    """Which experts compute each token, and by what their outputs are multiplied."""

    experts_TC: Tensor
    weights_TC: Tensor


def mixtral_routes(logits_TE: Tensor, chosen: int) -> Routed:
    """The likeliest experts; their chances are made to add up to one."""
    chances_TE = torch.softmax(logits_TE.float(), dim=-1)
    weights_TC, experts_TC = chances_TE.topk(chosen, dim=-1)
    return Routed(experts_TC, weights_TC / weights_TC.sum(-1, keepdim=True))


def llama4_routes(logits_TE: Tensor, chosen: int) -> Routed:
    """The likeliest experts, each with its own sigmoid."""
    logits_TC, experts_TC = logits_TE.topk(chosen, dim=-1)
    return Routed(experts_TC, logits_TC.float().sigmoid())


def mixed(x_TD: Tensor, routed: Routed, compute: Callable[[int, Tensor], Tensor]) -> Tensor:
    """The weighted sum of what each token's experts make of it; ``compute`` is one expert."""
    out_TD = torch.zeros_like(x_TD)
    for expert, tokens, weights_A1 in _shares(routed):
        made_AD = compute(expert, x_TD[tokens]) * weights_A1
        out_TD = out_TD.index_add(0, tokens, made_AD.to(x_TD.dtype))
    return out_TD


def mixed_of_weighted(
    x_TD: Tensor, routed: Routed, compute: Callable[[int, Tensor], Tensor]
) -> Tensor:
    """The sum of what each token's experts make of the weighted token: Llama 4's way."""
    out_TD = torch.zeros_like(x_TD)
    for expert, tokens, weights_A1 in _shares(routed):
        made_AD = compute(expert, x_TD[tokens] * weights_A1.to(x_TD.dtype))
        out_TD = out_TD.index_add(0, tokens, made_AD)
    return out_TD


def _shares(routed: Routed) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Each expert that is wanted, the tokens that were sent to it, and their weights."""
    for expert in sorted(set(routed.experts_TC.flatten().tolist())):
        tokens, place = torch.where(routed.experts_TC == expert)
        yield expert, tokens, routed.weights_TC[tokens, place][:, None]


class FeedForward(nn.Module):
    """SwiGLU: one projection gates another."""

    def __init__(self, dim: int, ffn_dim: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(dim, ffn_dim, bias=False)
        self.up_proj = nn.Linear(dim, ffn_dim, bias=False)
        self.down_proj = nn.Linear(ffn_dim, dim, bias=False)

    def forward(self, x_BTD: Tensor) -> Tensor:
        out: Tensor = self.down_proj(F.silu(self.gate_proj(x_BTD)) * self.up_proj(x_BTD))
        return out


class MixtralExpert(nn.Module):
    """SwiGLU, with the names of Mixtral's files."""

    def __init__(self, dim: int, ffn_dim: int) -> None:
        super().__init__()
        self.w1 = nn.Linear(dim, ffn_dim, bias=False)
        self.w2 = nn.Linear(ffn_dim, dim, bias=False)
        self.w3 = nn.Linear(dim, ffn_dim, bias=False)

    def forward(self, x_TD: Tensor) -> Tensor:
        out: Tensor = self.w2(F.silu(self.w1(x_TD)) * self.w3(x_TD))
        return out


class MixtralMixture(nn.Module):
    """Mixtral's feed-forward."""

    def __init__(self, dim: int, experts: Experts) -> None:
        super().__init__()
        self.chosen = experts.chosen
        self.gate = nn.Linear(dim, experts.count, bias=False)
        self.experts = nn.ModuleList(
            MixtralExpert(dim, experts.ffn_dim) for _ in range(experts.count)
        )

    def forward(self, x_BTD: Tensor) -> Tensor:
        x_TD = x_BTD.flatten(0, -2)
        routed = mixtral_routes(self.gate(x_TD), self.chosen)
        return mixed(x_TD, routed, lambda expert, x: self.experts[expert](x)).view_as(x_BTD)


class FusedExperts(nn.Module):
    """The experts of a layer of Llama 4, in two tensors [experts, in, out]."""

    def __init__(self, dim: int, experts: Experts) -> None:
        super().__init__()
        count, wide = experts.count, experts.ffn_dim
        self.gate_up_proj = nn.Parameter(torch.empty(count, dim, 2 * wide))
        self.down_proj = nn.Parameter(torch.empty(count, wide, dim))

    def forward(self, expert: int, x_AD: Tensor) -> Tensor:
        gate_AF, up_AF = (x_AD @ self.gate_up_proj[expert]).chunk(2, dim=-1)
        return (F.silu(gate_AF) * up_AF) @ self.down_proj[expert]


class Llama4Mixture(nn.Module):
    """Llama 4's: chosen experts, and beside them one that computes every token."""

    def __init__(self, dim: int, experts: Experts) -> None:
        super().__init__()
        self.chosen = experts.chosen
        self.router = nn.Linear(dim, experts.count, bias=False)
        self.experts = FusedExperts(dim, experts)
        self.shared_expert = FeedForward(dim, experts.ffn_dim)

    def forward(self, x_BTD: Tensor) -> Tensor:
        x_TD = x_BTD.flatten(0, -2)
        routed = llama4_routes(self.router(x_TD), self.chosen)
        chosen_TD = mixed_of_weighted(x_TD, routed, self.experts)
        out: Tensor = self.shared_expert(x_BTD) + chosen_TD.view_as(x_BTD)
        return out
