"""What the items withhold, measured: every part with the digest of its content.

Reads withheld tensors, files and fields of the source once, streamed. The digests are secret: they
go into commitments and proofs, never into a release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from paddock.checkpoint.tensors import Tensor
from paddock.release.files.reading import digest_beneath, opened_folder
from paddock.release.withholding.data_fields import Wanted, Writer, without_fields
from paddock.release.withholding.open_tensors import withheld_bytes
from paddock.release.withholding.source_tree import SourceTree
from paddock.release.withholding.withheld import Part, Withheld

Parts = dict[str, list[Part]]  # by the item's id
OpenWriter = Callable[[str], Writer]


def tensor_parts(tensors: Iterable[Tensor], withheld: Withheld, wanted: set[str]) -> Parts:
    """The withheld tensors of the items that are ``wanted``."""
    by_name = {tensor.name: tensor for tensor in tensors}
    parts: Parts = {}
    for each in withheld.tensors:
        if each.item in wanted:
            parts.setdefault(each.item, []).append(tensor_part(by_name[each.name], each.rows))
    return parts


def tensor_part(tensor: Tensor, rows: tuple[int, ...] | None) -> Part:
    """A tensor of the source, or some of its rows, measured."""
    digest, size_bytes = hashlib.sha256(), 0
    for piece in withheld_bytes(tensor, rows):
        digest.update(piece)
        size_bytes += memoryview(piece).nbytes
    return Part(
        "tensor", tensor.name, digest.hexdigest(), size_bytes, tensor.dtype, tensor.shape, rows
    )


def file_parts(tree: SourceTree, withheld: Withheld, wanted: set[str]) -> Parts:
    """The withheld files of the items that are ``wanted``."""
    parts: Parts = {}
    with opened_folder(tree.folder) as root_fd:
        for file in withheld.files:
            if file.item in wanted:
                found = digest_beneath(root_fd, file.path)
                part = Part("file", file.path, found.sha256, found.size_bytes)
                parts.setdefault(file.item, []).append(part)
    return parts


def field_parts(tree: SourceTree, withheld: Withheld, writer_of: OpenWriter) -> Parts:
    """The withheld fields, while each file is written without them."""
    by_path: dict[str, list[tuple[str, Wanted]]] = {}
    for each in withheld.fields:
        wanted = Wanted(each.field, each.replace)
        by_path.setdefault(each.path, []).append((each.item, wanted))
    parts: Parts = {}
    for path, several in by_path.items():
        without_fields(tree.folder / path, writer_of(path), [wanted for _, wanted in several])
        for item, wanted in several:
            lost = wanted.lost
            name = f"{path}#{wanted.name}"
            part = Part("field", name, lost.digest.hexdigest(), lost.size_bytes)
            parts.setdefault(item, []).append(part)
    return parts


def joined(*several: Parts) -> Parts:
    """All parts of each item."""
    found: Parts = {}
    for parts in several:
        for item, own in parts.items():
            found.setdefault(item, []).extend(own)
    return found
