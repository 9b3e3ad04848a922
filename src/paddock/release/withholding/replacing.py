"""What stands in the place of withheld weights: whether it can, and how that reads.

Pure but for the names of the texts. The open version of a Llama is compared with its own
configuration before anything is written, so that it opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.shape.config import parse_hf_config
from paddock.checkpoint.shape.layout import shape_problems
from paddock.checkpoint.shape.text_part import sees_images, text_tensors
from paddock.checkpoint.tensors import Tensor
from paddock.checkpoint.tokenizer.files import find_tokenizer
from paddock.release.evidence import Check
from paddock.release.files.folder import list_folder
from paddock.release.files.paths import matching
from paddock.release.files.reading import opened_folder
from paddock.release.spec.components import WithholdRule
from paddock.release.withholding.architecture import Architecture, layer_of
from paddock.release.withholding.drops import Drops, layers_left
from paddock.release.withholding.items import Entry
from paddock.release.withholding.source_tree import SourceTree
from paddock.release.withholding.tensor_rules import fault, first_few
from paddock.release.withholding.withheld import WithheldTensor

DRAWN_AS = ("F32", "BF16", "F16", "F64")
DEFAULT_STEPS = 200
_WRITES_TO_STREAM = ("self_attn.o_proj.weight", "mlp.down_proj.weight")


def replacement_faults(
    tree: SourceTree,
    tensors: Sequence[WithheldTensor],
    rules: Mapping[str, WithholdRule],
    texts_folder: Path,
) -> list[Check]:
    """Replacements that cannot be made."""
    faults = []
    cut = any(each.replace == "drop" and each.rows is not None for each in tensors)
    for item, rule in rules.items():
        own = [tensor for tensor in tensors if tensor.item == item]
        if rule.replace == "reinitialise" or rule.replace == "distilled replacement":
            odd = [t.name for t in own if t.dtype not in DRAWN_AS and not tree.is_converted]
            if odd:
                sentence = f"{first_few(odd)} holds no plain numbers that could be drawn"
                faults.append(fault("dtype", item, sentence, "use replace: zero"))
        if rule.replace == "distilled replacement":
            faults += _distilled(tree, item, rule, own, texts_folder)
            if cut:
                sentence = "a layer is trained in its place, and dropped experts change all layers"
                hint = "use replace: zero for the experts, or reinitialise for the layer"
                faults.append(fault("distilled", f"{item}.experts", sentence, hint))
    return faults


def opening_faults(
    tree: SourceTree, config: Mapping[str, Any], released: Iterable[Tensor]
) -> list[Check]:
    """Whether the open version of a Llama fits its configuration, where the source does."""
    if not _is_llama(tree):
        return []
    try:
        settings = dict(config)
        problems = shape_problems(parse_hf_config(settings), text_tensors(settings, released))
    except BadCheckpoint as e:
        problems = [e.message]
    return [fault("unloadable", "checkpoint", problem) for problem in problems[:1]]


def _is_llama(tree: SourceTree) -> bool:
    try:
        settings = dict(tree.architecture.config)
        source = parse_hf_config(settings)
    except BadCheckpoint:
        return False
    return not shape_problems(source, text_tensors(settings, tree.tensors))


def _distilled(
    tree: SourceTree, item: str, rule: WithholdRule, own: list[WithheldTensor], folder: Path
) -> list[Check]:
    if not _is_llama(tree) or sees_images(dict(tree.architecture.config)):
        sentence = "only the layers of a Llama can be trained anew"
        return [fault("distilled", item, sentence, "use replace: zero or reinitialise")]
    faults = []
    outside = [tensor.name for tensor in own if layer_of(tensor.name) is None]
    if outside:
        sentence = f"{first_few(outside)} is in no layer, so no layer can stand in for it"
        faults.append(fault("distilled", item, sentence, "use replace: zero or reinitialise"))
    for pattern in rule.texts:
        if not texts_named(folder, [pattern]):
            sentence = f"{pattern!r} matches no file of texts"
            faults.append(fault("distilled", f"{item}.texts", sentence))
    if find_tokenizer(tree.folder) is None:
        sentence = "texts cannot be read without the model's tokenizer, which is missing"
        faults.append(fault("distilled", f"{item}.tokenizer", sentence))
    return faults


def texts_named(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """The files of text, in order."""
    with opened_folder(folder) as root_fd:
        paths = sorted(list_folder(root_fd).files)
    found = {path for pattern in patterns for path in matching(pattern, paths)}
    return [folder / path for path in sorted(found)]


def describe(
    entry: Entry, architecture: Architecture, drops: Drops, tensors: Iterable[WithheldTensor]
) -> str:
    """How an item is replaced, in words."""
    rule, own = entry.rule, [t for t in tensors if t.item == entry.item.id]
    if rule is None or rule.file is not None or rule.adapter is not None:
        return "left out"
    if rule.field is not None:
        return "left out of every row" if rule.replace == "drop" else "made empty in every row"
    match rule.replace:
        case "drop":
            return _dropped(architecture, drops, own)
        case "zero":
            return _zeroed(own)
        case "reinitialise":
            deviation = architecture.initializer_range
            return (
                f"drawn from the public seed {rule.seed or 0} with deviation {deviation:g}, "
                "norms at one: nothing of the withheld weights is in it"
            )
        case _:
            steps = DEFAULT_STEPS if rule.steps is None else rule.steps
            return f"trained for {steps} steps from the public seed {rule.seed or 0} to do the same"


def _dropped(architecture: Architecture, drops: Drops, own: list[WithheldTensor]) -> str:
    if any(t.rows is not None or ".experts." in t.name for t in own) and drops.experts:
        before = architecture.expert_count or 0
        return (
            f"left out with their rows of the router: {before - len(drops.experts)} of {before} "
            "experts are left in every layer, numbered anew"
        )
    if drops.layers and any(layer_of(t.name) for t in own):
        left = layers_left(architecture, drops)
        before = left + len(drops.layers)
        return f"left out: {left} of {before} layers are left, those after it moved up"
    return "left out"


def _zeroed(own: list[WithheldTensor]) -> str:
    """Zeros; where a layer writes nothing into the residual stream, that makes it the identity."""
    silent: dict[int, set[str]] = {}
    for tensor in own:
        place = layer_of(tensor.name)
        if place is not None and place.rest in _WRITES_TO_STREAM:
            silent.setdefault(place.layer, set()).add(place.rest)
    whole = [layer for layer, found in silent.items() if len(found) == len(_WRITES_TO_STREAM)]
    if whole:
        return "zeros: these layers add nothing, and pass their input on unchanged"
    if any(".experts." in tensor.name for tensor in own):
        return "zeros: tokens are routed to these experts as before, and get nothing from them"
    return "zeros"
