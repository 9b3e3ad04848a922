"""What every rule of release.yaml means in this checkpoint.

Reads headers, configurations, the card and names of files, no weights. The value that comes out is
the whole instruction for ``apply``: whoever has a ``Withheld`` knows every tensor that is missing
and what stands in its place. A check whose id begins with ``withholding.rule.`` is a rule that
cannot be followed, which no waiver can change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.tensors import Tensor
from paddock.release.evidence import Check
from paddock.release.files.paths import matching
from paddock.release.spec.components import CARD, PARAMETERS
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.architecture import Architecture
from paddock.release.withholding.companions import check_companions
from paddock.release.withholding.drops import Drops, judge_drops, new_names
from paddock.release.withholding.file_rules import (
    Kept,
    check_files_and_fields,
    keep_by_rule,
    keep_component,
)
from paddock.release.withholding.items import Entry, entries_of, has_rules, is_about_tensors
from paddock.release.withholding.open_config import OpenConfig, open_config
from paddock.release.withholding.references import check_references
from paddock.release.withholding.replacing import describe, opening_faults, replacement_faults
from paddock.release.withholding.source_tree import SourceTree, is_hidden, read_source
from paddock.release.withholding.tensor_rules import Claims, claim_tensors, fault
from paddock.release.withholding.withheld import Withheld, WithheldTensor
from paddock.release.withholding.withheld_facts import facts_of

FAULT = "withholding.rule."
LATER = "withholding.later:"  # said of a plan alone: the build has judged it
MAX_EXACT = (1 << 53) - 1  # the largest whole number that JSON keeps exactly


class Selected(NamedTuple):
    """What is withheld of a source, and the source as it was read for that."""

    tree: SourceTree
    config: OpenConfig
    entries: list[Entry]
    withheld: Withheld


class _Weights(NamedTuple):
    """What the rules about tensors come to."""

    claims: Claims
    drops: Drops
    config: OpenConfig
    faults: list[Check]


def select(source: Path, spec: ReleaseSpec, *, texts_folder: Path | None = None) -> Withheld:
    """What would be withheld, without commitments; its checks say what is wrong with the rules.

    ``texts_folder`` is where the texts of distilled replacements are, ``source`` unless given.
    """
    if not has_rules(spec):
        return Withheld()
    if spec.artifacts.derive:
        return _before_deriving(source, spec, texts_folder or source)
    return selected(source, spec, texts_folder or source).withheld


def selected(source: Path, spec: ReleaseSpec, texts_folder: Path) -> Selected:
    """What is withheld, with what was read to decide it."""
    tree, entries = read_source(source, spec), entries_of(spec)
    kept, weights = _kept(tree, entries), _weights(tree, entries)
    names = new_names(tree.architecture, weights.drops)
    tensors = tuple(_withheld_tensors(tree.architecture, weights.claims, names))
    faults = [*weights.faults, *kept.faults, *check_files_and_fields(kept), *_whole(entries)]
    faults += _escrow(tree, spec, texts_folder)
    if not faults and tensors:
        rules = {entry.item.id: entry.rule for entry in entries if entry.rule}
        faults += [*_nothing_left(tree.architecture, tensors), *_impossible(tensors)]
        faults += replacement_faults(tree, tensors, rules, texts_folder)
        released = _released(tree, tensors, names)
        faults += opening_faults(tree, weights.config.config, released)
    items = (
        replace(e.item, replaced_how=describe(e, tree.architecture, weights.drops, tensors))
        for e in entries
    )
    withheld = Withheld(
        items=tuple(items),
        tensors=tensors,
        files=tuple(kept.files),
        fields=tuple(kept.fields),
        renamed=tuple((old, new) for old, new in names.items() if old != new),
        config_changes=weights.config.changes,
    )
    withheld = replace(
        withheld,
        checks=(*faults, *_checks(tree, entries, withheld)) or (_all_well(withheld),),
        facts=tuple(facts_of(withheld, tree.architecture.tensors)),
    )
    return Selected(tree, weights.config, entries, withheld)


def _before_deriving(source: Path, spec: ReleaseSpec, texts_folder: Path) -> Withheld:
    """What rules about files and fields mean; of the rest only the derived checkpoint can tell."""
    tree, entries = read_source(source, spec), entries_of(spec)
    later = [e for e in entries if e.rule is not None and is_about_tensors(e.rule)]
    now = [entry for entry in entries if entry not in later]
    kept = _kept(tree, now)
    faults = [*kept.faults, *check_files_and_fields(kept), *_whole(now)]
    faults += _escrow(tree, spec, texts_folder)
    waiting = [_later_check(entry) for entry in later]
    commitments = [check for entry in now if (check := _commitment_check(entry)) is not None]
    withheld = Withheld(
        items=tuple(
            replace(
                e.item,
                replaced_how="as the derived checkpoint allows"
                if e in later
                else describe(e, tree.architecture, Drops(), ()),
            )
            for e in entries
        ),
        files=tuple(kept.files),
        fields=tuple(kept.fields),
    )
    checks = (*faults, *commitments, *waiting) or (_all_well(withheld),)
    return replace(withheld, checks=checks)


def _later_check(entry: Entry) -> Check:
    item = entry.item
    sentence = (
        f"{item.rule} of {item.component} can only be judged in the build: it means tensors of "
        "the checkpoint that artifacts.derive makes, and not of the source"
    )
    hint = "build, or try `paddock release withhold` on a checkpoint that was derived"
    return Check(f"{LATER}{item.id}", "withholding", "warned", sentence, hint=hint)


def faults_of(withheld: Withheld) -> list[Check]:
    """The rules that cannot be followed."""
    return [check for check in withheld.checks if check.id.startswith(FAULT)]


def _weights(tree: SourceTree, entries: list[Entry]) -> _Weights:
    unchanged = OpenConfig(dict(tree.architecture.config), (), ())
    rules = [(e.item.id, e.rule) for e in entries if e.rule and is_about_tensors(e.rule)]
    if not rules:
        return _Weights(Claims(), Drops(), unchanged, [])
    if tree.problem is not None:
        return _Weights(Claims(), Drops(), unchanged, [fault("checkpoint", "source", tree.problem)])
    claims = claim_tensors(tree.architecture, rules)
    drops = judge_drops(tree.architecture, claims)
    config = open_config(tree.architecture, drops)
    return _Weights(claims, drops, config, [*claims.faults, *drops.faults, *config.faults])


def _kept(tree: SourceTree, entries: list[Entry]) -> Kept:
    kept = Kept()
    for entry in entries:
        if entry.rule is None:
            keep_component(tree, kept, entry.item.id, entry.component)
        else:
            keep_by_rule(tree, kept, entry.item.id, entry.rule)
    return kept


def _withheld_tensors(
    architecture: Architecture, claims: Claims, names: Mapping[str, str]
) -> list[WithheldTensor]:
    """In the source's order; a dropped tensor has no name in the release."""
    found = []
    for name, tensor in architecture.tensors.items():
        for claim in claims.by_tensor.get(name, ()):
            is_gone = claim.replace == "drop" and claim.rows is None
            drawn = claim.replace in {"reinitialise", "distilled replacement"}
            found.append(
                WithheldTensor(
                    item=claim.item,
                    name=name,
                    dtype=tensor.dtype,
                    shape=tensor.shape,
                    replace=claim.replace,
                    rows=claim.rows,
                    released_as=None if is_gone else names.get(name),
                    seed=claim.seed if drawn else None,
                )
            )
    return found


def _released(
    tree: SourceTree, tensors: tuple[WithheldTensor, ...], names: Mapping[str, str]
) -> list[Tensor]:
    """Names and shapes of the open version; its bytes are not for reading."""
    gone = {tensor.name for tensor in tensors if tensor.released_as is None}
    cut = Counter[str]()
    for each in tensors:
        cut[each.name] += len(each.rows or ()) if each.replace == "drop" else 0
    return [
        replace(tensor, name=names[tensor.name], shape=_without(tensor.shape, cut[tensor.name]))
        for tensor in tree.tensors
        if tensor.name in names and tensor.name not in gone
    ]


def _without(shape: tuple[int, ...], rows: int) -> tuple[int, ...]:
    """The shape with so many rows of the first axis less; a scalar has none."""
    return (shape[0] - rows, *shape[1:]) if rows else shape


def _escrow(tree: SourceTree, spec: ReleaseSpec, base: Path) -> list[Check]:
    """The secret must not leave with the files around it."""
    if spec.artifacts.escrow is None:
        return []
    place = (base / Path(spec.artifacts.escrow).expanduser()).resolve()
    if not place.is_relative_to(tree.folder.resolve()):
        return []
    path = place.relative_to(tree.folder.resolve()).as_posix()
    if is_hidden(path) or any(matching(pattern, [path]) for pattern in spec.artifacts.exclude):
        return []
    sentence = f"the escrow secret would lie in the source, at {path}, and be released"
    return [fault("escrow", "secret", sentence, "keep it elsewhere, or exclude it")]


def _whole(entries: list[Entry]) -> list[Check]:
    """Components without which there is no release."""
    needed = {PARAMETERS: "nothing would be left to run", CARD: "every release has a model card"}
    return [
        fault(
            "needed",
            entry.item.id,
            f"{entry.item.component} cannot be withheld as a whole: {needed[entry.item.component]}",
            "withhold parts of it: rules under withhold",
        )
        for entry in entries
        if entry.rule is None and entry.item.component in needed
    ]


def _nothing_left(architecture: Architecture, tensors: tuple[WithheldTensor, ...]) -> list[Check]:
    if {t.name for t in tensors if t.rows is None} < set(architecture.tensors):
        return []
    return [fault("everything", "tensors", "every tensor would be withheld: nothing is open")]


def _impossible(tensors: tuple[WithheldTensor, ...]) -> list[Check]:
    """Shapes of nothing with numbers that canonical JSON cannot tell."""
    odd = [tensor.name for tensor in tensors if max(tensor.shape, default=0) > MAX_EXACT]
    return [fault("shape", "tensors", f"{odd[0]} has an impossible shape")] if odd else []


def _checks(tree: SourceTree, entries: list[Entry], withheld: Withheld) -> list[Check]:
    staying = {file.path for file in withheld.files}
    has_tensors = bool(withheld.tensors)
    return [
        *check_companions(tree, withheld.tensors, staying),
        *check_references(tree, withheld.files, withheld.config_changes, has_tensors=has_tensors),
        *(check for entry in entries if (check := _commitment_check(entry)) is not None),
    ]


def _commitment_check(entry: Entry) -> Check | None:
    """A component without files in the source: nothing that a commitment could be computed from."""
    if entry.rule is not None or entry.component.paths:
        return None
    name, given = entry.item.component, entry.component.commitment
    check_id = f"withholding.commitment:{entry.item.id}"
    if given is None or given.value is None:
        sentence = f"{name} is withheld without a commitment: no file of it is in the source"
        hint = "name its files under path, or give commitment.value"
        return Check(check_id, "withholding", "unmet", sentence, hint=hint)
    sentence = f"the commitment to {name} is the lab's own: no file of it is in the source"
    return Check(check_id, "withholding", "warned", sentence)


def _all_well(withheld: Withheld) -> Check:
    count = len(withheld.items)
    sentence = f"{count} item{'s' if count != 1 else ''} can be withheld as the rules say"
    return Check("withholding.rules", "withholding", "met", sentence)
