"""Parents that were measured: whether the declared ones are in the weights, and whether others are.

Pure. A name in a file is a hint, equal or nearly parallel weights are a finding; both are told with
their figures. What is not declared and cannot be ruled out waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from paddock.errors import shown
from paddock.release.evidence import Check, Evidence
from paddock.release.licences.material import Likeness, Material, Parent, ancestors_of
from paddock.release.licences.terms import BY_OUTPUTS


def parent_checks(material: Material) -> Iterator[Check]:
    """Everything that was measured or found about parents."""
    edges = {ancestor.id: edge for edge, ancestor in ancestors_of(material.spec)}
    for parent in material.around.parents:
        if parent.problem is not None:
            sentence = f"the release of {parent.id} is not believed: {parent.problem}"
            yield Check(f"licence.parent.release:{parent.id}", "licence", "unmet", sentence)
        elif parent.signed_by is not None:
            sentence = f"{parent.id} is a signed release: its licence and lineage are read from it"
            proof = (Evidence("key", parent.signed_by), Evidence("root", parent.root))
            yield Check(f"licence.parent.release:{parent.id}", "licence", "met", sentence, proof)
        if parent.likeness is not None:
            yield from _likeness_check(parent, parent.likeness, edges.get(parent.id))
    yield from _digest_checks(material)
    yield from _named_checks(material)


def _likeness_check(parent: Parent, found: Likeness, edge: str | None) -> Iterator[Check]:
    id_, figures = f"licence.parent:{parent.id}", _figures(found)
    proof = (Evidence(f"comparison with {parent.id}", figures),)
    if edge is None or edge in BY_OUTPUTS:
        if found.is_related:
            said = "lineage does not name it" if edge is None else f"lineage names it as {edge}"
            yield Check(
                id_, "licence", "undecided",
                f"weights of {parent.id} are in here, and {said}: {figures}", proof,
                "name it under lineage.base_model",
            )  # fmt: skip
    elif edge == "adapter" or found.is_related:
        yield Check(id_, "licence", "met", f"{parent.id} was measured: {figures}", proof)
    else:
        yield Check(
            id_, "licence", "undecided",
            f"the weights are not like those of {parent.id}, which lineage names: {figures}", proof,
            "name the parent that was used, or its path",
        )  # fmt: skip


def _figures(found: Likeness) -> str:
    told = [
        f"{found.same_name_and_shape} of {found.tensors} tensors have its names and shapes",
        f"{found.same_bytes} are equal",
        f"{found.close} of {found.compared} that differ are nearly parallel",
    ]
    if found.same_tokenizer is not None:
        told.append(f"the tokenizer is {'the same' if found.same_tokenizer else 'another'}")
    return ", ".join(told)


def _digest_checks(material: Material) -> Iterator[Check]:
    """The root that lineage gives for a parent, against the release that is there."""
    for _, ancestor in ancestors_of(material.spec):
        parent = material.parent(ancestor.id)
        if ancestor.digest is None or parent is None:
            continue
        same = parent.root == ancestor.digest.sha256
        sentence = f"the release of {ancestor.id} has the root {parent.root}" + (
            "" if same else f", and lineage says {ancestor.digest.sha256}"
        )
        id_ = f"licence.parent.root:{ancestor.id}"
        yield Check(id_, "licence", "met" if same else "unmet", sentence)


def _named_checks(material: Material) -> Iterator[Check]:
    """Models that files of the source name as their origin, and lineage does not."""
    spec = material.spec
    declared = {_plain(origin.id) for origin in material.origins}
    own = {_plain(spec.metadata.name)} | {
        _plain(repo) for there in spec.publish if (repo := getattr(there, "repo", None))
    }
    held = {one.terms.id for one in material.ancestors}
    for file, name in material.around.embedded:
        if _plain(name) in declared | own or _plain(name.rpartition("/")[2]) in own:
            continue
        row = material.table.of_model(name)
        known = row is not None and row.id in held
        about = f" ({row.name})" if row is not None else ""
        yield Check(
            f"licence.parent:{name}"[:200], "licence", "warned" if known else "undecided",
            f"{file} says that the weights come from {shown(name)}{about}, "
            "which lineage.base_model does not name",
            (Evidence(f"origin named in {file}", name[:200], file),),
            "name it under lineage.base_model, or take the entry out",
        )  # fmt: skip


def _plain(id_: str) -> str:
    """Meta's older repositories write Meta- before the same name."""
    space, _, name = id_.lower().rpartition("/")
    return f"{space}/{name.removeprefix('meta-')}"
