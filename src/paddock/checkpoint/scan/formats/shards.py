"""Several weight files against their index: every tensor in exactly the shard that is named.

Knows safetensors' and PyTorch's indexes of Hugging Face, and Meta's ranks. A file that is broken by
itself has its own reason and is passed over here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint, BadIndex
from paddock.checkpoint.safetensors.reading import read_header
from paddock.checkpoint.scan.formats.refusals import refusal
from paddock.checkpoint.scan.kinds import TEXTS, Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.names import leads_out
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.strict_json import load_object
from paddock.errors import shown

_INDEX_ENDINGS = (".safetensors.index.json", ".bin.index.json")
MAX_TOLD = 20
_SHARD = re.compile(r"-\d{5}-of-\d{5}\.(safetensors|bin)")
_RANKS = "consolidated."


def check_shards(looks: Sequence[Look]) -> Iterator[Reason]:
    """Every index of the folder, in whichever of its folders, and every set of ranks."""
    by_name = {look.name: look for look in looks}
    for look in looks:
        if look.name.endswith(_INDEX_ENDINGS) and look.kind in TEXTS:
            yield from _limited(_check_index(look, by_name), look)
    yield from _check_ranks(looks)


def _limited(reasons: Iterator[Reason], look: Look) -> Iterator[Reason]:
    for count, reason in enumerate(reasons):
        if count == MAX_TOLD:
            yield Reason("bad_index", look.name, "and more of the kind")
            return
        yield reason


def _check_index(look: Look, by_name: dict[str, Look]) -> Iterator[Reason]:
    try:
        index = load_object(look.file, BadIndex)
    except BadCheckpoint as e:
        yield refusal(e, look.name)
        return
    weight_map = index.get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        yield Reason("bad_index", look.name, "there is no weight_map")
        return
    folder = PurePosixPath(look.name).parent
    shards: dict[str, set[str]] = defaultdict(set)
    for tensor, shard in weight_map.items():
        if type(shard) is not str or leads_out(shard):
            message = f"{shown(tensor)} is said to be in {shown(shard)}"
            yield Reason("path_escape", look.name, message)
        else:
            shards[shard].add(tensor)
    for name in sorted(_siblings(look, by_name) - shards.keys()):
        yield Reason("bad_index", look.name, f"no tensor is said to be in {shown(name)}")
    held: dict[str, str] = {}
    for shard, tensors in sorted(shards.items()):
        other = by_name.get((folder / shard).as_posix())
        if other is None:
            yield Reason("bad_index", look.name, f"the shard {shown(shard)} is missing")
        elif other.kind is Kind.SAFETENSORS:
            yield from _check_shard(look, other, tensors, held)
    yield from _check_total(look, index, held)


def _siblings(look: Look, by_name: dict[str, Look]) -> set[str]:
    """The shards beside an index, by their names."""
    folder = PurePosixPath(look.name).parent
    stem = look.basename.partition(".")[0]
    found = {PurePosixPath(name) for name in by_name if PurePosixPath(name).parent == folder}
    return {path.name for path in found if _SHARD.fullmatch(path.name.removeprefix(stem))}


def _check_shard(
    look: Look, shard: Look, tensors: set[str], held: dict[str, str]
) -> Iterator[Reason]:
    try:
        inside = {entry.name for entry in read_header(shard.file).entries}
    except BadCheckpoint:
        return
    for name in sorted(inside & held.keys()):
        message = f"{shown(name)} is in {held[name]} and in {shard.name}"
        yield Reason("duplicate", look.name, message)
    for name in sorted(tensors - inside):
        yield Reason("bad_index", look.name, f"{shard.name} does not hold {shown(name)}")
    for name in sorted(inside - tensors):
        yield Reason("bad_index", look.name, f"{shard.name} holds {shown(name)}, not named for it")
    held.update(dict.fromkeys(inside, shard.name))


def _check_total(look: Look, index: dict[str, Any], held: dict[str, str]) -> Iterator[Reason]:
    metadata = index.get("metadata")
    total = metadata.get("total_size") if isinstance(metadata, dict) else None
    if total is None or not held:
        return
    if type(total) not in (int, float) or not 0 <= total < 1 << 63:
        yield Reason("bad_index", look.name, f"total_size is {shown(total)}")


def _check_ranks(looks: Sequence[Look]) -> Iterator[Reason]:
    """Meta's consolidated.NN.pth: numbered from 00 without a gap."""
    folders: dict[str, list[str]] = defaultdict(list)
    for look in looks:
        path = PurePosixPath(look.name)
        if path.name.startswith(_RANKS) and path.suffix == ".pth":
            folders[path.parent.as_posix()].append(path.stem.removeprefix(_RANKS))
    for folder, ranks in folders.items():
        if sorted(ranks) != [f"{rank:02}" for rank in range(len(ranks))]:
            found = ", ".join(sorted(ranks)[:8])
            yield Reason("bad_index", folder, f"of the ranks of a model there are only {found}")
