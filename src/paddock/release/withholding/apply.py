"""The open version of a checkpoint: folder in, folder out, in constant memory.

Weights are rewritten only where a rule touches their file; every other file is linked or copied
byte for byte. A source in another format than Hugging Face's is converted first, because only there
tensors can be changed. The folder appears whole or not at all, and the same source, rules and
secret give the same bytes; only trained replacements need the same type of machine for that.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.output_folder import new_folder
from paddock.checkpoint.safetensors.hf_folder import CONFIG, INDEX, read_tensors
from paddock.checkpoint.safetensors.writing import write_file
from paddock.checkpoint.tensors import Tensor
from paddock.release.errors import SourceChanged, WithholdingRefused
from paddock.release.evidence import Check
from paddock.release.files.copying import copy_files
from paddock.release.files.reading import opened_folder
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.commitments import commit
from paddock.release.withholding.data_fields import Writer
from paddock.release.withholding.distilled import Learnt, learn
from paddock.release.withholding.items import Entry
from paddock.release.withholding.open_tensors import open_version
from paddock.release.withholding.open_weights import plan_weights
from paddock.release.withholding.parts import (
    Parts,
    field_parts,
    file_parts,
    joined,
    tensor_parts,
)
from paddock.release.withholding.secret import Secret
from paddock.release.withholding.selection import Selected, faults_of, selected
from paddock.release.withholding.source_tree import SourceTree, state_of
from paddock.release.withholding.withheld import Item, Withheld

MAX_QUOTED = 10


def withhold(
    source: Path,
    destination: Path,
    spec: ReleaseSpec,
    secret: Secret,
    *,
    texts_folder: Path | None = None,
    shares_files: bool = False,
) -> Withheld:
    """Write what is open of ``source`` to the new folder ``destination``; say what is withheld.

    ``texts_folder`` is where the texts of distilled replacements are, ``source`` unless given.
    With ``shares_files`` a file that nothing changes may be a second name of the source's: for a
    folder that passes, since whoever writes to one writes to both.
    Raises WithholdingRefused where a rule cannot be followed; other checks are the gate's business.
    """
    folder = texts_folder or source
    chosen = selected(source, spec, folder)
    refuse_faults(chosen)
    everything = {item.id for item in chosen.withheld.items}
    with new_folder(destination) as partial, _hugging_face(chosen, destination) as plain:
        learnt = _write_weights(chosen, plain, partial, folder, may_link=shares_files)
        _copy_files(chosen, plain, partial, may_link=shares_files)
        with ExitStack() as files:
            fields = field_parts(
                chosen.tree, chosen.withheld, lambda path: _new_file(partial / path, files)
            )
        parts = joined(
            tensor_parts(chosen.tree.tensors, chosen.withheld, everything),
            file_parts(chosen.tree, chosen.withheld, everything),
            fields,
        )
        withheld = committed(chosen, parts, spec, secret)
        _refuse_changes(chosen.tree)
    notes = dict(learnt.notes)
    items = (
        replace(item, replaced_how=f"{item.replaced_how}; {notes[item.id]}")
        if item.id in notes
        else item
        for item in withheld.items
    )
    return replace(
        withheld,
        items=tuple(items),
        checks=(*withheld.checks, *learnt.checks),
        facts=(*withheld.facts, *learnt.facts),
    )


def _refuse_changes(tree: SourceTree) -> None:
    """Raise SourceChanged for a file that is no longer as it was when the rules were judged."""
    for path, then in tree.states.items():
        if not (tree.folder / path).exists() or state_of(tree.folder / path) != then:
            raise SourceChanged(f"{path} changed while parts of the source were withheld")


def refuse_faults(chosen: Selected) -> None:
    """Raise WithholdingRefused with every rule that cannot be followed."""
    faults = faults_of(chosen.withheld)
    reasons = [fault.sentence for fault in faults] or list(chosen.tree.odd)
    if reasons:
        hint = faults[0].hint if faults else None
        raise WithholdingRefused("; ".join(reasons[:MAX_QUOTED]), hint=hint)


def committed(chosen: Selected, parts: Parts, spec: ReleaseSpec, secret: Secret) -> Withheld:
    """The items with their commitments; a value in release.yaml must be the computed one."""
    name, version = spec.metadata.name, spec.metadata.version
    items, checks = [], list(chosen.withheld.checks)
    for entry, item in zip(chosen.entries, chosen.withheld.items, strict=True):
        given = _given(entry)
        if item.id not in parts:
            items.append(replace(item, commitment=given, declared=given is not None))
            continue
        value = commit(secret, name, version, item.id, parts[item.id])
        if given not in (None, value):
            raise WithholdingRefused(
                f"the commitment of {item.id} is {value}, and release.yaml says {given}",
                hint="take the value out: it is computed, from the escrow secret",
            )
        items.append(replace(item, commitment=value))
        checks.append(_committed_check(item))
    return replace(chosen.withheld, items=tuple(items), checks=tuple(checks))


def _given(entry: Entry) -> str | None:
    said = entry.component.commitment if entry.rule is None else entry.rule.commitment
    return said.value if said else None


def _committed_check(item: Item) -> Check:
    sentence = f"{item.rule} of {item.component} is committed to, with a salt"
    return Check(f"withholding.commitment:{item.id}", "withholding", "met", sentence)


@contextmanager
def _hugging_face(chosen: Selected, destination: Path) -> Iterator[Path]:
    """The source, or a passing conversion of it where its weights have to be changed."""
    if not chosen.tree.is_converted or not chosen.withheld.tensors:
        yield chosen.tree.folder
        return
    destination.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{destination.name}.plain-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=destination.parent) as passing:
        convert_checkpoint(chosen.tree.folder, Path(passing) / "converted")
        yield Path(passing) / "converted"


def _write_weights(
    chosen: Selected, plain: Path, partial: Path, texts_folder: Path, *, may_link: bool
) -> Learnt:
    """Weights, index and configuration; what was trained for them."""
    withheld = chosen.withheld
    if not withheld.tensors:
        return Learnt({})
    tensors = {tensor.name: tensor for tensor in read_tensors(plain)}
    with tempfile.TemporaryDirectory(prefix=".learnt-", dir=partial) as room:
        learnt = _learnt(chosen, tensors, texts_folder, Path(room))
        deviation = chosen.tree.architecture.initializer_range
        released = open_version(tensors.values(), withheld, deviation, learnt.tensors)
        shards = plan_weights(plain, withheld, released)
        for name, content in shards.written.items():
            write_file(partial / name, content)
    with opened_folder(plain) as plain_fd:
        copy_files(plain_fd, shards.unchanged, partial, may_link=may_link)
    if shards.index_file is not None:
        (partial / INDEX).write_bytes(shards.index_file)
    if withheld.config_changes:
        text = json.dumps(chosen.config.config, indent=2, ensure_ascii=False)
        (partial / CONFIG).write_bytes(text.encode() + b"\n")
    return learnt


def _learnt(
    chosen: Selected, tensors: Mapping[str, Tensor], texts_folder: Path, room: Path
) -> Learnt:
    rules = {entry.item.id: entry.rule for entry in chosen.entries if entry.rule}
    return learn(chosen.tree, tensors, chosen.withheld, rules, texts_folder, room)


def _copy_files(chosen: Selected, plain: Path, partial: Path, *, may_link: bool) -> None:
    """Everything that is neither withheld nor written already."""
    tree, withheld = chosen.tree, chosen.withheld
    gone = {file.path for file in withheld.files} | {each.path for each in withheld.fields}
    if withheld.tensors:
        gone |= tree.weights
    written = {path.name for path in partial.iterdir()}
    if plain != tree.folder:
        made = {path.name for path in plain.iterdir() if not path.name.endswith(".safetensors")}
        made -= {INDEX, *written}
        with opened_folder(plain) as plain_fd:
            copy_files(plain_fd, sorted(made), partial)
        written |= made
    with opened_folder(tree.folder) as source_fd:
        left = sorted(path for path in tree.files if path not in gone | written)
        copy_files(source_fd, left, partial, may_link=may_link)


def _new_file(path: Path, files: ExitStack) -> Writer:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = files.enter_context(path.open("xb"))
    os.fchmod(file.fileno(), 0o644)
    return file.write
