"""Which files say something about a release and sign it: their names, before they are written.

Pure. Documents are elsewhere (``documents/write``): these are the attestations, what is withheld,
the gate's record and the signatures. Update metadata is one folder, whatever files it will hold.
"""

from __future__ import annotations

from collections.abc import Iterator

from paddock.front_matter import CARD_NAME
from paddock.large_patterns import ATTRIBUTES_NAME
from paddock.release.documents.evaluations.model_index import EVAL_RESULTS_PATH
from paddock.release.files.manifest import (
    DSSE_NAME,
    KEYLESS_NAME,
    MANIFEST_NAME,
    SIGNATURE_NAME,
    UPDATES_FOLDER,
)
from paddock.release.gate.decide import has_gate
from paddock.release.planning.outputs import planned_outputs
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.rendering import WITHHELD_NAME

WRITTEN_BY_US = (ATTRIBUTES_NAME, CARD_NAME, MANIFEST_NAME, SIGNATURE_NAME)


def paths_about(spec: ReleaseSpec, *, withholds: bool) -> Iterator[str]:
    """The paths of all of them, for this release; a folder ends with a slash."""
    yield from WRITTEN_BY_US
    yield from (f"attestations/{name}.json" for name in _attested(spec, withholds=withholds))
    if withholds:
        yield WITHHELD_NAME
    if any(output.max_kl is not None for output in spec.artifacts.outputs):
        yield EVAL_RESULTS_PATH
    if has_gate(spec):
        yield "gate/"
    if spec.sign.dsse is not None:
        yield DSSE_NAME
    if spec.sign.keyless is not None:
        yield KEYLESS_NAME
    if spec.sign.tuf is not None:
        yield f"{UPDATES_FOLDER}/"


def _attested(spec: ReleaseSpec, *, withholds: bool) -> Iterator[str]:
    yield from (f"provenance-{output.id}" for output in planned_outputs(spec.artifacts))
    yield from (f"provenance-derive-{n}" for n in range(1, len(spec.artifacts.derive) + 1))
    yield from ("release", "run", "scan")
    if withholds:
        yield "leak-check"
    if has_gate(spec):
        yield "gate"
