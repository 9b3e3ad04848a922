"""Makes the proof of one item: reads its withheld content again, and derives its salt again.

Nothing was kept from the build but the escrow secret: the same source, release file and secret give
the salt and the manifest that the release committed to.
"""

from __future__ import annotations

from pathlib import Path

from paddock.errors import NotFound, UsageError
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.apply import refuse_faults
from paddock.release.withholding.commitments import manifest_of, salt_for
from paddock.release.withholding.parts import field_parts, file_parts, joined, tensor_parts
from paddock.release.withholding.proofs import Proof
from paddock.release.withholding.secret import Secret
from paddock.release.withholding.selection import Selected, selected


def reveal(
    source: Path, spec: ReleaseSpec, secret: Secret, item: str | None, texts_folder: Path
) -> Proof:
    """The proof of an item, which may stay unnamed where the release has only one."""
    chosen = selected(source, spec, texts_folder)
    refuse_faults(chosen)
    item = _item(chosen, item)
    name, version = spec.metadata.name, spec.metadata.version
    fields = field_parts(chosen.tree, chosen.withheld, lambda _: lambda _: None)
    parts = joined(
        tensor_parts(chosen.tree.tensors, chosen.withheld, {item}),
        file_parts(chosen.tree, chosen.withheld, {item}),
        {item: fields[item]} if item in fields else {},
    )
    if item not in parts:
        raise NotFound(f"{item} has no content in the source, so nothing can be shown of it")
    salt = salt_for(secret, name, version, item)
    return Proof(name, version, item, salt, manifest_of(parts[item]))


def _item(chosen: Selected, item: str | None) -> str:
    known = [each.id for each in chosen.withheld.items]
    if item is None and len(known) == 1:
        return known[0]
    if item is None:
        raise UsageError(
            f"the release withholds {len(known)} items", hint=f"--item {' | '.join(known)}"
        )
    if item not in known:
        raise NotFound(f"the release withholds no item {item!r:.80}", hint=f"it has {known}")
    return item
