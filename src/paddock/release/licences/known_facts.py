"""What documents may say about licences: as facts, each with where it comes from.

Pure. What an ancestor's terms bring is inherited, what a text is was measured, what the author
chose is declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from paddock.release.facts import Fact, Value, declared, inherited, measured
from paddock.release.licences.judgement import Grant
from paddock.release.licences.material import Material
from paddock.release.licences.origins import owed


def facts_of(material: Material, grants: Iterable[Grant]) -> tuple[Fact, ...]:
    """Everything under ``licence.``."""
    return tuple(_facts(material, grants))


def _facts(material: Material, grants: Iterable[Grant]) -> Iterator[Fact]:
    spec = material.spec
    yield declared("Licence", spec.licenses.distribution, "licence.distribution")
    for held in material.ancestors:
        duties: Value = sorted({duty.kind for duty in owed(held)})
        id_, by = held.terms.id, f"{held.origin.id} ({held.terms.name})"
        yield inherited(
            f"Duties from {held.origin.id}", duties, f"licence.inherited.{id_}.duties", by
        )
    for grant in grants:
        name, key = f"Grant: {grant.name}", f"licence.grant.{grant.name}"
        if grant.value is None:
            yield Fact(name, None, "unknown", key)
        else:
            yield inherited(name, grant.value, key, grant.licence or "")
    for found in material.found:
        key = f"licence.text.{found.path}"
        what: Value = {"licence": found.licence, "sha256": found.sha256, "known": found.is_known}
        yield measured(f"Text of {found.path}", what, key, "digest of the normalised text")
