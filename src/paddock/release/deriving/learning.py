"""What is trained or run while deriving: the seam to the rooms that have torch.

Imported only when a step needs it. Texts become sequences of tokens here; what comes back is
numbers and facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.shape.config import LlamaConfig
from paddock.checkpoint.tensors import Piece, Tensor
from paddock.release.deriving.rewriting import Rewritten
from paddock.release.errors import DerivingRefused, NotSupportedYet
from paddock.release.facts import Fact, measured
from paddock.release.spec.artifacts import Distil

SEQUENCE_TOKENS = 128
MAX_SEQUENCES = 4096


def influence_of_layers(source: Path, texts: Sequence[str]) -> list[float]:
    """How much each layer changes its input over the texts: 1 - cosine, a mean over tokens."""
    _need_torch()
    from paddock.train.influence import block_influence

    checkpoint = open_checkpoint(source)
    tensors = {tensor.name: tensor for tensor in checkpoint.tensors}
    return block_influence(checkpoint.config, tensors, _tokens(source, checkpoint.config, texts))


def distil(
    source: Path, teacher: Path, tensors: Sequence[Tensor], texts: Sequence[str], step: Distil
) -> tuple[Rewritten, tuple[Fact, ...]]:
    """The checkpoint in ``source`` after learning from the one in ``teacher``."""
    _need_torch()
    from paddock.train.distillation import Lesson, distil_logits

    student, tutor = open_checkpoint(source), open_checkpoint(teacher)
    if student.config.vocab_size != tutor.config.vocab_size:
        raise DerivingRefused(
            f"the teacher has {tutor.config.vocab_size} tokens, and the student "
            f"{student.config.vocab_size}: they must have the same tokenizer"
        )
    tokens = _tokens(source, student.config, texts)
    lesson = Lesson(tokens, step.steps, step.learning_rate, step.seed)
    learnt = distil_logits(student, tutor, lesson)
    made = [_stored(tensor, learnt.weights[tensor.name]) for tensor in tensors]
    by = f"{learnt.held_out_tokens} held-out tokens"
    facts = (
        measured("Divergence from the teacher before (nats a token)", round(learnt.before, 6),
                 "derive.distil.kl_before", by),
        measured("Divergence from the teacher after (nats a token)", round(learnt.after, 6),
                 "derive.distil.kl_after", by),
        measured("Tokens learnt on", learnt.tokens, "derive.distil.tokens"),
    )  # fmt: skip
    return Rewritten(made), facts


def _stored(like: Tensor, weights: NDArray[np.float32]) -> Tensor:
    from paddock.checkpoint.codecs.transcoding import encode

    def pieces() -> Iterator[Piece]:
        for part in np.array_split(weights.reshape(-1), max(1, weights.size >> 22)):
            yield encode(part, like.dtype)

    return Tensor(like.name, like.dtype, like.shape, pieces)


def _tokens(source: Path, config: LlamaConfig, texts: Sequence[str]) -> NDArray[Any]:
    from paddock.llama.tokenizer import Tokenizer

    tokenizer = Tokenizer.load(source)
    length = min(SEQUENCE_TOKENS, config.context)
    ids = [number for text in texts for number in tokenizer.encode(text)]
    count = min(len(ids) // length, MAX_SEQUENCES)
    if count < 2:
        raise DerivingRefused(
            f"the texts have {len(ids)} tokens, and {2 * length} are needed", hint="name more texts"
        )
    if max(ids) >= config.vocab_size:
        raise DerivingRefused(
            f"the tokenizer knows more than the model's {config.vocab_size} tokens"
        )
    return np.array(ids[: count * length], np.int64).reshape(count, length)


def _need_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise NotSupportedYet(
            "this step runs the model, which needs PyTorch", hint="pip install 'paddock[model]'"
        )
