"""Replacements that are trained: the seam to the room that has torch, imported when it is needed.

Texts and a seeded beginning go in, tensors on disk and facts come out. The training sees the
withheld weights only through what they do to the texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.shape.config import LlamaConfig, parse_hf_config
from paddock.checkpoint.strict_json import read_small
from paddock.checkpoint.tensors import Place, Tensor, read_range
from paddock.release.errors import WithholdingRefused
from paddock.release.evidence import Check, Evidence
from paddock.release.facts import Fact, measured
from paddock.release.spec.components import WithholdRule
from paddock.release.withholding.items import spans
from paddock.release.withholding.open_tensors import open_version
from paddock.release.withholding.replacing import DEFAULT_STEPS, texts_named
from paddock.release.withholding.source_tree import SourceTree
from paddock.release.withholding.stubs import Drawn, encoded, reinitialised
from paddock.release.withholding.withheld import Withheld

if TYPE_CHECKING:
    from paddock.train.imitation import Imitated

SEQUENCE_TOKENS = 128
STREAM_BYTES = 1 << 28  # of one stream of hidden states; about five are in memory at a time
MAX_TEXT_BYTES = 16 << 20  # of one file
_FLOAT_BYTES = 4


class Learnt(NamedTuple):
    """Trained replacements by the name in the source, and what was measured."""

    tensors: dict[str, Tensor]
    facts: tuple[Fact, ...] = ()
    checks: tuple[Check, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()  # an item, and how well it was replaced


class _Given(NamedTuple):
    tree: SourceTree
    withheld: Withheld
    deviation: float
    folder: Path  # of the texts
    room: Path  # an empty folder for what was learnt


def learn(
    tree: SourceTree,
    plain: Mapping[str, Tensor],
    withheld: Withheld,
    rules: Mapping[str, WithholdRule],
    folder: Path,
    room: Path,
) -> Learnt:
    """Train every distilled replacement, one rule after the other; ``plain`` is the source."""
    given = _Given(tree, withheld, tree.architecture.initializer_range, folder, room)
    learnt = Learnt(dict(_beginnings(given, plain)))
    for item, rule in rules.items():
        if rule.replace == "distilled replacement":
            learnt = _one(given, plain, learnt, item, rule)
    return learnt


def _beginnings(given: _Given, plain: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Where training begins: as a fresh model, from the rule's seed; rows are drawn in place."""
    for each in given.withheld.tensors:
        if each.replace == "distilled replacement" and each.rows is None:
            drawn, tensor = Drawn(each.seed or 0, given.deviation), plain[each.name]
            yield each.name, reinitialised(each.name, tensor.dtype, tensor.shape, drawn)


def _one(
    given: _Given, plain: Mapping[str, Tensor], so_far: Learnt, item: str, rule: WithholdRule
) -> Learnt:
    from paddock.train.imitation import Task, imitate

    config = parse_hf_config(dict(given.tree.architecture.config))
    opened = open_version(plain.values(), given.withheld, given.deviation, so_far.tensors)
    own = [each for each in given.withheld.tensors if each.item == item]
    names = frozenset(each.name for each in own)
    rows = {each.name: each.rows for each in own if each.rows is not None}
    made: dict[str, Tensor] = {}

    def keep(name: str, weights: np.ndarray[Any, Any]) -> None:
        made[name] = _stored(given.room / f"{len(made)}-{item}", plain[name], weights)

    steps = DEFAULT_STEPS if rule.steps is None else rule.steps
    tokens = _tokens(given, config, rule)
    task = Task(config, plain, opened, names, tokens, steps, rule.seed or 0, rows)
    found = imitate(task, keep)
    return Learnt(
        so_far.tensors | made,
        (*so_far.facts, *_facts(item, rule, found, steps)),
        (*so_far.checks, _check(item, found)),
        (*so_far.notes, (item, _note(found))),
    )


def _stored(path: Path, like: Tensor, weights: np.ndarray[Any, Any]) -> Tensor:
    """Trained numbers on disk, in the type of the tensor that they replace."""
    with path.open("xb") as file:
        for part in np.array_split(weights.reshape(-1), max(1, weights.size >> 20)):
            file.write(encoded(part.astype(np.float64), like.dtype))
    size_bytes = path.stat().st_size
    return replace(
        like,
        pieces=lambda: read_range(path, 0, size_bytes),
        place=Place(path, 0),
        is_verbatim=True,
    )


def _tokens(given: _Given, config: LlamaConfig, rule: WithholdRule) -> np.ndarray[Any, Any]:
    from paddock.llama.tokenizer import Tokenizer
    from paddock.train.imitation import sequences

    tokenizer = Tokenizer.load(given.tree.folder)
    paths = texts_named(given.folder, rule.texts)
    length = min(SEQUENCE_TOKENS, config.context)
    most = max(2, STREAM_BYTES // (length * config.dim * _FLOAT_BYTES))

    def ids() -> Iterator[int]:
        for path in paths:
            text = read_small(path, BadCheckpoint, MAX_TEXT_BYTES).decode("utf-8", "replace")
            yield from tokenizer.encode(text)

    found = np.array(sequences(ids(), length, most), np.int64)
    if len(found) < 2:
        raise WithholdingRefused(
            f"the texts {', '.join(rule.texts)} have too few tokens to learn on: "
            f"{2 * length} are needed",
            hint="name more texts",
        )
    if int(found.max()) >= config.vocab_size:
        raise WithholdingRefused(
            f"the tokenizer knows more tokens than the model's {config.vocab_size}"
        )
    return found


def _facts(item: str, rule: WithholdRule, found: Imitated, steps: int) -> list[Fact]:
    key, layers = f"withheld.distilled.{item}", spans(tuple(fit.layer for fit in found.layers))
    by = f"{found.held_out} held-out tokens"
    facts = [
        measured(f"Stand-ins of layers {layers}: tokens learnt on", found.tokens, f"{key}.tokens"),
        measured(f"Stand-ins of layers {layers}: steps", steps, f"{key}.steps"),
        measured(f"Stand-ins of layers {layers}: seed", str(rule.seed or 0), f"{key}.seed"),
        measured(
            "Divergence of the open version from the whole one (nats a token)",
            round(found.kl, 6),
            f"{key}.kl",
            by,
        ),
    ]
    for fit in found.layers:
        name = f"Layer {fit.layer}: share of its work that the stand-in misses"
        figures = (
            ("before", "before training", fit.before),
            ("after", "after training", fit.after),
            ("without", "with nothing in its place", fit.without),
        )
        facts += [
            measured(f"{name}, {when}", round(value, 6), f"{key}.layer.{fit.layer}.{word}", by)
            for word, when, value in figures
        ]
    return facts


def _note(found: Imitated) -> str:
    """How well the worst stand-in does, for the sentence about its item."""
    worst = max(found.layers, key=lambda fit: fit.after)
    return (
        f"on held-out texts {worst.after:.0%} of the layer's work is missed, "
        f"{worst.before:.0%} before training"
    )


def _check(item: str, found: Imitated) -> Check:
    """Whether the stand-ins do more than nothing would."""
    poor = [fit for fit in found.layers if not fit.after < min(fit.before, fit.without)]
    shown = "; ".join(
        f"layer {fit.layer}: {fit.before:.4g} before, {fit.after:.4g} after" for fit in found.layers
    )
    check_id = f"withholding.distilled:{item}"
    evidence = (Evidence("share of the layer's work that is missed, on held-out texts", shown),)
    if poor:
        sentence = f"the stand-in of layer {poor[0].layer} does no better than zeros would"
        hint = "train for more steps, on more texts, or use replace: zero"
        return Check(check_id, "withholding", "warned", sentence, evidence, hint)
    sentence = f"{len(found.layers)} stand-ins were trained and measured"
    return Check(check_id, "withholding", "met", sentence, evidence)
