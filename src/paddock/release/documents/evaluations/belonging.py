"""Whose results they are: of these weights, of another model to compare with, or of neither.

Pure. A result belongs to the release when its digest is that of weights that are shipped, or of the
model that was tuned before it was measured; without a digest, when it names this release or no
model at all. A result of other bytes under this release's name is a condition that is not met.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from paddock.release.evidence import Check, Evidence
from paddock.release.files.manifest import ReleaseFile
from paddock.release.results.model_digest import model_digests
from paddock.release.results.result import Result
from paddock.release.spec.release_spec import ReleaseSpec


class Sorted(NamedTuple):
    """Results by whom they are about."""

    own: tuple[Result, ...]
    others: tuple[Result, ...]  # baselines and parents
    strange: tuple[Result, ...]  # bytes that are not shipped


def sort_results(
    results: Iterable[Result], spec: ReleaseSpec, files: Sequence[ReleaseFile]
) -> Sorted:
    """The results, in order, by whom they are about."""
    shipped = shipped_digests(files)
    others = _other_models(spec)
    piles: dict[str, list[Result]] = {"own": [], "others": [], "strange": []}
    for result in results:
        piles[_pile(result, set(shipped), others, spec.metadata.name)].append(result)
    return Sorted(*(tuple(pile) for pile in piles.values()))


def shipped_digests(files: Sequence[ReleaseFile]) -> dict[str, str]:
    """Every digest that weights of the release are known by, and where they lie."""
    return model_digests({file.path: file.sha256 for file in files})


def digest_checks(found: Sorted, files: Sequence[ReleaseFile]) -> tuple[Check, ...]:
    """Whether every result is about weights that are shipped."""
    shipped = shipped_digests(files)
    evidence = tuple(Evidence("shipped", where, sha256=digest) for digest, where in shipped.items())
    checks = [_strange(result, evidence) for result in found.strange]
    loose = sorted({result.eval for result in found.own if result.model_digest is None})
    if loose:
        sentence = f"results say of no weights that they are about them: {', '.join(loose[:10])}"
        hint = "measure again with a tool that writes the digest of the weights"
        checks.append(Check("documents.results.loose", "documents", "warned", sentence, hint=hint))
    if not found.strange and found.own:
        sentence = f"{len(found.own)} results are about nothing but the weights that are shipped"
        checks.append(Check("documents.results", "documents", "met", sentence))
    return tuple(checks)


def _strange(result: Result, shipped: tuple[Evidence, ...]) -> Check:
    return Check(
        f"documents.results.digest:{result.eval}",
        "documents",
        "unmet",
        f"{result.eval} was measured on weights with the digest {result.model_digest}, "
        "which are not shipped",
        (Evidence(result.eval, result.text, result.path, result.sha256), *shipped),
        "evaluate what is released, or leave the result out",
    )


def _pile(result: Result, shipped: set[str], others: set[str], name: str) -> str:
    digests = {result.model_digest, result.tuned_from} - {None}
    if digests & shipped:
        return "own"
    named = (result.model or "").strip().lower()
    if digests & others or named in others:
        return "others"
    if digests:
        return "strange"
    return "own" if named.rpartition("/")[2] in {"", name.lower()} else "others"


def _other_models(spec: ReleaseSpec) -> set[str]:
    """Names and digests of parents and of models that conditions compare with."""
    audit = spec.audit
    conditions = (*audit.quality, *audit.safety, *audit.privacy, *audit.bias)
    names = {condition.baseline for condition in conditions if condition.baseline}
    for parent in (*spec.lineage.base_model, *spec.lineage.distilled_from):
        names.add(parent.id)
        if parent.digest is not None:
            names.add(parent.digest.sha256)
    return {name.lower() for name in names}
