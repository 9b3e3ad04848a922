"""The model: tokens in, logits out.

Knows how layers are stacked, and which positions may see which. Does not know files (``loading``),
text (``tokenizer``) or how a next token is chosen (``generate``).
A model is built without weights, on the meta device; it gets them from ``loading`` or from
``with_random_weights``. Rows of a batch are padded on the left.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.llama.cache import KVCache
from paddock.llama.layers import Block, RMSNorm, Step
from paddock.llama.llama4 import Chunks, in_chunk
from paddock.llama.rope import inverse_frequencies, rotation


class Decoder(nn.Module):
    """Everything below the output head; named as in Hugging Face's files."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.dim)
        self.layers = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        self.norm = RMSNorm(config.dim, config.norm_eps)


class Llama(nn.Module):
    """A Llama of any generation; ``lm_head`` is absent when the embeddings serve as head."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        with torch.device("meta"):
            self.model = Decoder(config)
            if not config.tied_embeddings:
                self.lm_head = nn.Linear(config.dim, config.vocab_size, bias=False)
        self.frequencies = inverse_frequencies(config)  # no buffer: never cast to the weights' type

    @property
    def weight(self) -> Tensor:
        """The embedding matrix: its dtype and device are the model's."""
        return self.model.embed_tokens.weight

    def forward(
        self,
        tokens_BT: Tensor,
        cache: KVCache | None = None,
        *,
        padding_B: Tensor | None = None,
        last_only: bool = False,
    ) -> Tensor:
        """Logits of the next token after each position, or after the last one alone.

        With a cache, ``tokens_BT`` continue what it holds, and its own ``padding_B`` counts.
        """
        if cache is not None:
            padding_B = cache.padding_B
        step = self._step(tokens_BT, cache, padding_B)
        x_BTD = self.model.embed_tokens(tokens_BT)
        for block in self.model.layers:
            x_BTD = block(x_BTD, step)
        if cache is not None:
            cache.advance(tokens_BT.shape[1])
        if last_only:
            x_BTD = x_BTD[:, -1:]
        x_BTD = self.model.norm(x_BTD)
        head_VD = self.weight if self.config.tied_embeddings else self.lm_head.weight
        return nn.functional.linear(x_BTD, head_VD)

    def _step(self, tokens_BT: Tensor, cache: KVCache | None, padding_B: Tensor | None) -> Step:
        seen = 0 if cache is None else cache.length
        new = tokens_BT.shape[1]
        indices_1T = torch.arange(seen, seen + new, device=tokens_BT.device)[None]
        if padding_B is None:
            positions_BT = indices_1T
        else:
            positions_BT = (indices_1T - padding_B[:, None]).clamp(min=0)
        cos, sin = rotation(positions_BT, self.frequencies.to(tokens_BT.device))
        padded = padding_B is not None and bool(padding_B.any())
        chunks = chunks_of(self.config, indices_1T[0], seen + new, padding_B)
        # With nothing before and no padding the mask is a plain triangle; a lone new token after
        # unpadded ones sees everything. Attention has a fast path for both.
        if not padded and (seen == 0 or new == 1):
            return Step(cos, sin, None, cache, chunks)
        return Step(cos, sin, visible(indices_1T[0], seen + new, padding_B), cache, chunks)


def visible(queries_T: Tensor, seen_length: int, padding_B: Tensor | None) -> Tensor:
    """Which of ``seen_length`` keys each query may look at, ``[B or 1, T, S]``.

    A query on padding looks at itself alone: its result is never read, but an empty row would
    turn into NaN.
    """
    keys_S = torch.arange(seen_length, device=queries_T.device)
    mask_1TS = (keys_S[None, :] <= queries_T[:, None])[None]
    if padding_B is None:
        return mask_1TS
    itself_1TS = (keys_S[None, :] == queries_T[:, None])[None]
    return (mask_1TS & (keys_S >= padding_B[:, None])[:, None, :]) | itself_1TS


def chunks_of(
    config: LlamaConfig, queries_T: Tensor, seen_length: int, padding_B: Tensor | None
) -> Chunks | None:
    """What Llama 4's layers need besides; None for other families."""
    if config.llama4 is None:
        return None
    keys_S = torch.arange(seen_length, device=queries_T.device)
    before_B1 = queries_T.new_zeros(1, 1) if padding_B is None else padding_B[:, None]
    positions_BT = (queries_T[None] - before_B1).clamp(min=0)
    if seen_length <= config.llama4.chunk:
        return Chunks(positions_BT, None)
    mask_BTS = visible(queries_T, seen_length, padding_B)
    chunk = config.llama4.chunk
    mask_BTS = in_chunk(mask_BTS, positions_BT, (keys_S[None] - before_B1).clamp(min=0), chunk)
    return Chunks(positions_BT, mask_BTS)


def with_random_weights(config: LlamaConfig, *, seed: int, deviation: float = 0.02) -> Llama:
    """A model to train, float32 on the CPU: normal weights, norms at one.

    The projections that write into the residual stream start smaller, by the square root of their
    number, so that the stream's size does not grow with depth.
    """
    model = Llama(config)
    model.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if name.endswith("norm.weight"):
            nn.init.ones_(weight)
            continue
        into_stream = name.endswith(
            ("o_proj.weight", "down_proj.weight", ".w2.weight", "experts.down_proj")
        )
        scale = deviation / (2 * config.layers) ** 0.5 if into_stream else deviation
        nn.init.normal_(weight, std=scale, generator=generator)
    return model
