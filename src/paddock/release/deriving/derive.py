"""One step that makes a checkpoint out of another: folder in, folder out.

Knows the kinds of steps and hands each to the file that does it. The result opens as a Llama, or
the step is refused. What else went in (an adapter, a teacher, texts) is told with its digest, so
that the step's provenance names it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.errors import BadCheckpoint, BadConfig
from paddock.checkpoint.opening import Format, is_text_part, locate, open_checkpoint
from paddock.checkpoint.output_folder import new_folder
from paddock.checkpoint.safetensors.hf_folder import CONFIG
from paddock.checkpoint.strict_json import load_object
from paddock.release.deriving.learning import distil, influence_of_layers
from paddock.release.deriving.merging import merge_adapter
from paddock.release.deriving.pruning import drop_layers, least_influential, narrow_ffn
from paddock.release.deriving.quantising import quantise
from paddock.release.deriving.rewriting import Rewritten, write_checkpoint
from paddock.release.deriving.texts import read_texts
from paddock.release.deriving.vocabulary import trim_vocabulary
from paddock.release.errors import DerivingRefused
from paddock.release.facts import Fact, measured
from paddock.release.files.folder import list_folder
from paddock.release.files.paths import matching
from paddock.release.files.reading import digest_beneath, opened_folder
from paddock.release.spec.artifacts import (
    DeriveStep,
    Distil,
    MergeAdapter,
    Prune,
    Quantise,
    TrimVocabulary,
)


@dataclass(frozen=True, slots=True)
class Derived:
    """What one step did."""

    facts: tuple[Fact, ...] = ()
    materials: Mapping[str, str] = field(default_factory=dict)  # what else went in: path, SHA-256


def derive(step: DeriveStep, source: Path, destination: Path, base: Path) -> Derived:
    """Do ``step`` to the checkpoint in ``source``; ``base`` is where paths of the step begin.

    ``destination`` appears whole or not at all. Raises DerivingRefused, BadCheckpoint, BadAdapter.
    """
    with new_folder(destination) as partial, _hugging_face(source, destination) as plain:
        made, facts = _made(step, plain, base)
        config = load_object(plain / CONFIG, BadConfig)
        write_checkpoint(plain, partial, made, config)
        try:
            opened = open_checkpoint(partial)
        except BadCheckpoint as e:
            raise DerivingRefused(f"{step.do} gives no checkpoint: {e.message}") from e
        parameters = sum(tensor.elements for tensor in opened.tensors)
    facts = (*facts, measured(f"Parameters after {step.do}", parameters, "derive.parameters"))
    return Derived(facts, materials(step, base))


def materials(step: DeriveStep, base: Path) -> dict[str, str]:
    """Every file beside the checkpoint that a step reads, with its SHA-256."""
    wanted: list[str] = []
    match step:
        case MergeAdapter():
            wanted = [f"{step.path}/"]
        case Distil():
            wanted = [f"{step.teacher}/", *step.texts]
        case TrimVocabulary() | Prune():
            wanted = list(step.texts)
    if not wanted:
        return {}
    with opened_folder(base) as base_fd:
        paths = sorted(list_folder(base_fd).files)
        meant = sorted({path for pattern in wanted for path in matching(pattern, paths)})
        return {path: digest_beneath(base_fd, path).sha256 for path in meant}


def _made(step: DeriveStep, source: Path, base: Path) -> tuple[Rewritten, Sequence[Fact]]:
    checkpoint = open_checkpoint(source)
    tensors, config = checkpoint.tensors, checkpoint.config
    match step:
        case MergeAdapter():
            return merge_adapter(tensors, config, step, _inside(base, step.path)), ()
        case Quantise():
            return quantise(tensors, step.quant), ()
        case TrimVocabulary():
            texts = read_texts(base, step.texts)
            shrunk = trim_vocabulary(source, tensors, config, texts, step.keep)
            fact = measured("Tokens kept", f"{shrunk.kept} of {shrunk.before}", "derive.tokens")
            return shrunk.made, (fact,)
        case Distil():
            texts, teacher = read_texts(base, step.texts), _inside(base, step.teacher)
            return distil(source, teacher, tensors, texts, step)
        case Prune():
            return _pruned(step, source, base)


def _pruned(step: Prune, source: Path, base: Path) -> tuple[Rewritten, Sequence[Fact]]:
    checkpoint = open_checkpoint(source)
    if step.ffn_dim is not None:
        return narrow_ffn(checkpoint.tensors, checkpoint.config, step.ffn_dim), ()
    facts: tuple[Fact, ...] = ()
    gone = step.layers or ()
    if step.keep_layers is not None:
        influence = influence_of_layers(source, read_texts(base, step.texts))
        gone = tuple(least_influential(influence, step.keep_layers))
        told = [round(value, 6) for value in influence]
        facts = (measured("Influence of each layer", list(told), "derive.influence"),)
    settings = load_object(source / CONFIG, BadConfig)
    left = measured("Layers left out", list(gone), "derive.layers_left_out")
    return drop_layers(checkpoint.tensors, checkpoint.config, settings, gone), (*facts, left)


def _inside(base: Path, path: str) -> Path:
    folder = base / path
    if not folder.is_dir():
        raise DerivingRefused(f"there is no folder {path!r} beside the release file")
    return folder


@contextmanager
def _hugging_face(source: Path, destination: Path) -> Iterator[Path]:
    """The source, or a passing conversion of one in another format, or of a language model."""
    location = locate(source)
    if location.format is Format.HUGGING_FACE and not is_text_part(location):
        yield source
        return
    prefix = f".{destination.name}.plain-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=destination.parent) as passing:
        convert_checkpoint(source, Path(passing) / "converted")
        yield Path(passing) / "converted"
