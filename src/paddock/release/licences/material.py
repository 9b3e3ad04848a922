"""Everything that licences are judged by: what is said, what leaves, and what was read around it.

Values only, and how they become origins with terms. ``Around`` is what the thin file ``looking``
read; without it nothing but the release file and its texts is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from paddock.digest import is_sha256
from paddock.release.files.formats import role_of
from paddock.release.files.paths import matching
from paddock.release.licences.expression import alternatives
from paddock.release.licences.judgement import FoundText
from paddock.release.licences.origins import MAX_ORIGINS, OWN, Held, Origin, held_terms
from paddock.release.licences.table import Table, known_licences
from paddock.release.licences.terms import EDGES, Edge, Granted, Terms, Words
from paddock.release.licences.texts import begins_in, digest_of, is_in, plain
from paddock.release.spec.components import PARAMETERS
from paddock.release.spec.licences import CustomLicence
from paddock.release.spec.lineage import Ancestor
from paddock.release.spec.release_spec import ReleaseSpec


class Likeness(NamedTuple):
    """How much of a local model is in the release: counts of tensors, and whether shapes fit."""

    tensors: int  # of the release
    same_name_and_shape: int
    same_bytes: int
    close: int  # of those compared by value: nearly parallel
    compared: int
    same_tokenizer: bool | None
    same_shape: bool | None  # of the configuration

    @property
    def is_related(self) -> bool:
        """Whether weights of it are in here, as they were or trained further."""
        return self.same_bytes > 0 or (self.compared > 0 and 2 * self.close >= self.compared)


@dataclass(frozen=True, slots=True)
class Parent:
    """What was read of a model that lies beside the release file."""

    id: str
    origins: tuple[Origin, ...] = ()  # seen from the parent: itself first, out of a signed release
    signed_by: str | None = None  # fingerprint of a trusted key
    problem: str | None = None  # why its release is not believed
    likeness: Likeness | None = None
    changed: tuple[str, ...] = ()  # files that differ from the parent's
    notices: Mapping[str, str] = field(default_factory=dict)  # its notice files
    root: str | None = None
    sha256: str | None = None  # of its release.json


@dataclass(frozen=True, slots=True)
class SignedDeclaration:
    """A statement file: who signed which answers for which release; or why it is none."""

    file: str
    sha256: str
    person: str = ""
    name: str = ""
    version: str = ""
    answers: Mapping[str, bool] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)  # id: digest of what it is known by
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What was read besides the texts that leave."""

    parents: tuple[Parent, ...] = ()
    declarations: tuple[SignedDeclaration, ...] = ()
    embedded: tuple[tuple[str, str], ...] = ()  # file and the model that it names as its origin
    texts: Mapping[str, str] = field(default_factory=dict)  # policies, terms, licences of one's own
    datasets: tuple[tuple[str, str], ...] = ()  # of docs.datasets: name and licence, for training


@dataclass(frozen=True, slots=True)
class Material:
    """What a judgement is made of."""

    spec: ReleaseSpec
    texts: Mapping[str, str]
    card_text: str
    around: Around
    table: Table
    origins: tuple[Origin, ...]
    held: tuple[Held, ...]
    found: tuple[FoundText, ...]

    def of_role(self, role: str) -> dict[str, str]:
        """The texts of licences, or of notices."""
        return {path: text for path, text in sorted(self.texts.items()) if role_of(path) == role}

    def parent(self, id_: str) -> Parent | None:
        """What was read of the parent of this id."""
        return next((parent for parent in self.around.parents if parent.id == id_), None)

    @property
    def ancestors(self) -> list[Held]:
        """The terms that come from others."""
        return [held for held in self.held if not held.origin.is_own]


def material_of(
    spec: ReleaseSpec, texts: Mapping[str, str], card_text: str, around: Around
) -> Material:
    """Put the origins, their terms and the recognised texts together."""
    leaving = {**around.texts, **texts}
    table = known_licences().with_rows(_custom(row) for row in spec.licenses.custom)
    origins = tuple(_origins(spec, around.parents, table))[:MAX_ORIGINS]
    offered = alternatives(spec.licenses.distribution)
    held = tuple(held_terms(origins, table, offered))
    own = {licence.file for licence in spec.licenses.custom}
    policy = spec.licenses.acceptable_use_file
    named = own | set(matching(policy, sorted(leaving)) if policy is not None else ())
    found = tuple(
        _found(path, text, table)
        for path, text in sorted(leaving.items())
        if is_licence_text(path) or path in named
    )
    return Material(spec, leaving, card_text, around, table, origins, held, found)


def is_licence_text(path: str) -> bool:
    """Whether a file's name says that it holds terms."""
    return role_of(path) == "license"


def weights_licences(spec: ReleaseSpec) -> dict[str, str]:
    """The keys that say under which terms the weights are offered, and what they say."""
    said = {"licenses.distribution": spec.licenses.distribution}
    part = spec.component(PARAMETERS)
    if part is not None and part.license is not None:
        said[f"components[{PARAMETERS}].license"] = part.license
    return said


def _origins(spec: ReleaseSpec, parents: Sequence[Parent], table: Table) -> Iterator[Origin]:
    for expression in weights_licences(spec).values():
        yield Origin(OWN, (), expression)
    read = {parent.id: parent for parent in parents}
    for edge, ancestor in ancestors_of(spec):
        known = read.get(ancestor.id)
        if known is not None and known.origins:
            for origin in known.origins:
                changed = ancestor.modified or (bool(origin.path) and origin.modified)
                told = "inherited" if known.signed_by else origin.told
                id_ = ancestor.id if not origin.path else origin.id
                yield Origin(id_, (edge, *origin.path), origin.licence, told, changed)
        licence = ancestor.license or _named(ancestor.id, table)
        if ancestor.license is not None or known is None or not known.origins:
            yield Origin(ancestor.id, (edge,), licence, "declared", ancestor.modified)


def ancestors_of(spec: ReleaseSpec) -> Iterator[tuple[Edge, Ancestor]]:
    """Every declared ancestor and the edge to it; a relation that nobody named is a change."""
    for ancestor in spec.lineage.base_model:
        yield cast(Edge, ancestor.relation or "finetune"), ancestor
    for ancestor in spec.lineage.distilled_from:
        yield "distilled_from", ancestor
    for ancestor in spec.lineage.trained_on_outputs_of:
        yield "trained_on_outputs_of", ancestor


def _named(id_: str, table: Table) -> str | None:
    row = table.of_model(id_)
    return None if row is None else row.id


def _custom(licence: CustomLicence) -> Terms:
    """A row out of what the author says about terms of their own; silence stays silence."""
    words = Words(licence.file, "as declared in licenses.custom")
    return Terms(
        id=licence.id.lower(),
        name=licence.name,
        ids=frozenset({licence.id.lower()}),
        source=licence.file,
        grants={
            name: Granted(value, words)
            for name in ("commercial", "modify", "redistribute", "outputs_train")
            if (value := getattr(licence, name)) is not None
        },
        scope=dict.fromkeys(EDGES[:4], True),
    )


def _found(path: str, text: str, table: Table) -> FoundText:
    flat = plain(text)
    rows = sorted(table.rows.values(), key=lambda row: row.id)
    exact = [row.id for row in rows if any(is_in(t, flat) for t in (*row.texts, *row.policies))]
    begun = [row.id for row in rows if begins_in((*row.texts, *row.policies), flat)]
    named = next(iter(exact or begun), None)
    return FoundText(path, named, digest_of(text), bool(exact))


def texts_of_licences(found: Iterable[FoundText]) -> dict[str, str]:
    """Path to digest: what a declaration is about."""
    return {text.path: text.sha256 for text in found if is_sha256(text.sha256)}
