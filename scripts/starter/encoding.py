"""From documents to token ids: the tokenizer's training and the chat layout.

The layout is that of Llama 3, with its special tokens.
"""

from __future__ import annotations

from typing import NamedTuple

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from starter.corpus import Document

BEGIN, END = "<|begin_of_text|>", "<|end_of_text|>"
HEADER, HEADER_END, TURN_END = "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"
PAD = "<|finetune_right_pad_id|>"
SPECIAL = [BEGIN, END, HEADER, HEADER_END, TURN_END, PAD]
# Llama 3's own way to cut text into words, numbers of up to three digits, marks and spaces.
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT_TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'"
    " + message['content'] | trim + '<|eot_id|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}"
    "{%- endif %}"
)
QUESTION_WEIGHT = 0.1  # enough to keep the questions' language in the model


class Example(NamedTuple):
    """Token ids, and how much the prediction of each counts."""

    ids: list[int]
    weights: list[float]


def train_tokenizer(documents: list[Document], vocab_size: int) -> Tokenizer:
    """A byte-level BPE over the text of ``documents``; any text can be encoded."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=False, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((text for doc in documents for text in _texts(doc)), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A",
        pair=f"{BEGIN} $A {BEGIN} $B",
        special_tokens=[(BEGIN, tokenizer.token_to_id(BEGIN))],
    )
    return tokenizer


def _texts(document: Document) -> list[str]:
    roles = ["system", "user", "assistant"]
    return [document.prose, document.system, *roles, *(t for turn in document.turns for t in turn)]


def encode(tokenizer: Tokenizer, document: Document) -> Example:
    """A document as the model sees it, beginning and end included."""
    pieces = [(BEGIN, 0.0)]
    if document.prose:
        pieces += [(document.prose, 1.0), (END, 1.0)]
    if document.system:
        pieces += _message("system", document.system, 0.0)
    for question, answer in document.turns:
        pieces += _message("user", question, QUESTION_WEIGHT)
        pieces += _message("assistant", answer, 1.0)
    ids: list[int] = []
    weights: list[float] = []
    for text, weight in pieces:
        new = tokenizer.encode(text, add_special_tokens=False).ids
        ids += new
        weights += [weight] * len(new)
    return Example(ids, weights)


def _message(role: str, content: str, weight: float) -> list[tuple[str, float]]:
    header = f"{HEADER}{role}{HEADER_END}\n\n"
    return [(header, 0.0), (content, weight), (TURN_END, weight)]
