"""Which files, adapters and fields the rules mean.

Pure but for the header of a CSV file and the footer of a Parquet file. A file that the model cannot
be opened without is no part that can be kept back; its tensors are. A rule that means nothing is a
fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from paddock.checkpoint.safetensors.hf_folder import CONFIG
from paddock.release.evidence import Check
from paddock.release.files.paths import matching
from paddock.release.spec.components import Component, FieldRule, WithholdRule
from paddock.release.withholding.data_fields import (
    FIELD_READERS,
    PARQUET,
    has_column,
    suffix_of,
)
from paddock.release.withholding.parquet_fields import parquet_problem
from paddock.release.withholding.source_tree import SourceTree
from paddock.release.withholding.tensor_rules import fault, first_few
from paddock.release.withholding.withheld import WithheldField, WithheldFile

ADAPTER_CONFIG = "adapter_config.json"


@dataclass(slots=True)
class Kept:
    """Files and fields that are kept back, and what is wrong with the rules about them."""

    files: list[WithheldFile] = field(default_factory=list)
    fields: list[WithheldField] = field(default_factory=list)
    faults: list[Check] = field(default_factory=list)


def adapter_folders(tree: SourceTree) -> list[str]:
    """The folders that hold a LoRA adapter; the source itself is the empty name."""
    return sorted(
        path.removesuffix(ADAPTER_CONFIG).rstrip("/")
        for path in tree.files
        if path.rpartition("/")[2] == ADAPTER_CONFIG
    )


def keep_component(tree: SourceTree, kept: Kept, item: str, component: Component) -> None:
    """The files of a component that is withheld whole."""
    for pattern in component.paths:
        _keep_files(tree, kept, item, pattern, matching(pattern, sorted(tree.files)))


def keep_by_rule(tree: SourceTree, kept: Kept, item: str, rule: WithholdRule) -> None:
    """What a rule about files, adapters or fields means."""
    if rule.file is not None:
        _keep_files(tree, kept, item, rule.file, matching(rule.file, sorted(tree.files)))
    elif rule.adapter is not None:
        folders = [folder for folder in adapter_folders(tree) if folder]
        wanted = matching(rule.adapter.rstrip("/"), folders)
        below = [p for p in sorted(tree.files) if any(p.startswith(f"{f}/") for f in wanted)]
        _keep_files(tree, kept, item, rule.adapter, below)
    elif rule.field is not None:
        _keep_field(tree, kept, item, rule.field, rule)


def _keep_files(tree: SourceTree, kept: Kept, item: str, pattern: str, paths: list[str]) -> None:
    if not paths:
        sentence = f"{pattern!r} matches nothing in the source"
        kept.faults.append(fault("unmatched", item, sentence))
    needed = [path for path in paths if path in tree.weights or path == CONFIG]
    if needed:
        sentence = f"the model cannot be opened without {first_few(needed)}"
        hint = "withhold tensors in it: match, layers or experts"
        kept.faults.append(fault("needed", item, sentence, hint))
    known = {file.path: file.item for file in kept.files}
    for path in paths:
        if path in known:
            sentence = f"the rules {known[path]} and {item} both mean {path}"
            kept.faults.append(fault("overlap", f"{known[path]}+{item}", sentence))
        else:
            kept.files.append(WithheldFile(item, path))


def _keep_field(
    tree: SourceTree, kept: Kept, item: str, wanted: FieldRule, rule: WithholdRule
) -> None:
    paths = matching(wanted.file, sorted(tree.files))
    if not paths:
        sentence = f"{wanted.file!r} matches nothing in the source"
        kept.faults.append(fault("unmatched", item, sentence))
    for path in paths:
        if problem := _field_problem(tree, path, wanted.name):
            kept.faults.append(fault("field", f"{item}:{path}", *problem))
        elif path in tree.weights or path == CONFIG:
            sentence = f"{path} belongs to the model, it holds no rows of data"
            kept.faults.append(fault("field", f"{item}:{path}", sentence))
        kept.fields.append(WithheldField(item, path, wanted.name, rule.replace))


def _field_problem(tree: SourceTree, path: str, name: str) -> tuple[str, str] | None:
    suffix = suffix_of(path)
    if suffix not in FIELD_READERS:
        known = ", ".join(sorted(FIELD_READERS))
        sentence = f"fields of {path} cannot be withheld: only {known} are read"
        return sentence, "write the rows as JSON Lines, or withhold the whole file"
    if suffix == ".csv" and not has_column(tree.folder / path, name):
        return f"{path} has no column {name!r:.80}", "name one of its header"
    return parquet_problem(tree.folder / path, name) if suffix == PARQUET else None


def check_files_and_fields(kept: Kept) -> list[Check]:
    """A file that is kept back whole loses no fields besides, and no field is lost twice."""
    whole = {file.path: file.item for file in kept.files}
    seen: dict[tuple[str, str], str] = {}
    faults = []
    for each in kept.fields:
        place = (each.path, each.field)
        other = whole.get(each.path) or seen.get(place)
        if other is not None:
            sentence = f"the rules {other} and {each.item} both mean {each.field} of {each.path}"
            faults.append(fault("overlap", f"{other}+{each.item}", sentence))
        seen[place] = each.item
    return faults
