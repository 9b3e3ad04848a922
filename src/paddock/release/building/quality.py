"""How close the outputs of a release are to what they were made from, as conditions and facts.

One step for all of them, because the original is run once. What this machine could not measure is
undecided, and asked again by the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paddock.release.building.checking import Bench, model_files
from paddock.release.building.divergence import LEVEL, Divergence
from paddock.release.building.inputs import BuiltOutput
from paddock.release.building.measuring import NotMeasured, measure, texts_digest
from paddock.release.building.stage import Stage
from paddock.release.building.steps import Made, step_key
from paddock.release.building.weights import place_of
from paddock.release.evidence import Check, Evidence
from paddock.release.facts import Fact, measured
from paddock.release.results.result import Result
from paddock.release.spec.release_spec import ReleaseSpec

KL_EVAL = "kl_vs_source"
_VERSION = 2
_MEASURED_BY = "paddock, over its own sample texts"


@dataclass(frozen=True, slots=True)
class Quality:
    """How close the outputs are to what they were made from."""

    checks: tuple[Check, ...] = ()
    facts: tuple[Fact, ...] = ()
    results: tuple[Result, ...] = ()


def quality_of(
    stage: Stage, outputs: Sequence[BuiltOutput], spec: ReleaseSpec, bench: Bench
) -> Quality:
    """How far the outputs that a bound is set for are from the stage."""
    asked = [output for output in outputs if _is_asked(output, spec)]
    if not asked:
        return Quality()
    files = {output.id: model_files(output, bench.digests) for output in asked}
    key = step_key(_VERSION, stage=stage.key, outputs=files, texts=texts_digest())

    def make(_folder: Path) -> Made:
        places = {each.id: place_of(each.planned, bench.folder, each.files) for each in asked}
        found = measure(stage.folder, places, bench.scratch)
        return Made({}, {id_: [each.to_json(), how] for id_, (each, how) in found.items()})

    try:
        result = bench.steps.run("quality", key, make).result
    except NotMeasured as e:
        return Quality(tuple(_not_measured(output, e) for output in asked))
    found = {id_: (Divergence(**values), how) for id_, (values, how) in result.items()}
    return Quality(
        tuple(_bound_check(output, *found[output.id]) for output in asked),
        tuple(fact for output in asked for fact in _facts(output, *found[output.id])),
        tuple(_result(output, found[output.id][0]) for output in asked),
    )


def _is_asked(output: BuiltOutput, spec: ReleaseSpec) -> bool:
    by_audit = any(condition.eval == KL_EVAL for condition in spec.audit.quality)
    return output.planned.max_kl is not None or (by_audit and output.planned.is_lossy)


def _not_measured(output: BuiltOutput, why: NotMeasured) -> Check:
    sentence = f"how far {output.id} is from its source: {why.message}"
    hint = why.hint or "build on a larger machine, or have a person waive this condition"
    return Check(f"quality.kl:{output.id}", "quality", "undecided", sentence, (), hint)


def _bound_check(output: BuiltOutput, found: Divergence, precision: str) -> Check:
    """The bound counts for the whole interval."""
    bound = output.planned.max_kl
    evidence = (
        Evidence("KL divergence from the source", f"{found.text}, run in {precision}"),
        Evidence("perplexity", f"{found.copy_perplexity:g}, source {found.original_perplexity:g}"),
        Evidence("the texts", sha256=texts_digest()),
    )
    said = f"{output.id} is {found.text} from its source"
    if bound is None:
        return Check(f"quality.kl:{output.id}", "quality", "met", said, evidence)
    if found.high <= bound:
        return Check(
            f"quality.kl:{output.id}", "quality", "met", f"{said}, at most {bound:g}", evidence
        )
    return Check(
        f"quality.kl:{output.id}", "quality", "unmet", f"{said}, and max_kl is {bound:g}",
        evidence, "take a quantisation with more bits, or raise max_kl",
    )  # fmt: skip


def _facts(output: BuiltOutput, found: Divergence, precision: str) -> list[Fact]:
    by = f"{_MEASURED_BY}, run in {precision}"
    values = {
        "kl": ("KL divergence from the source", found.kl),
        "kl_low": (f"KL divergence, lower end ({LEVEL:.0%})", found.low),
        "kl_high": (f"KL divergence, upper end ({LEVEL:.0%})", found.high),
        "perplexity": ("Perplexity", found.copy_perplexity),
        "source_perplexity": ("Perplexity of the source", found.original_perplexity),
    }
    return [
        measured(f"{title} of {output.id}", value, f"quality.{key}:{output.id}", by)
        for key, (title, value) in values.items()
    ]


def _result(output: BuiltOutput, found: Divergence) -> Result:
    return Result(
        eval=KL_EVAL,
        value=found.kl,
        low=found.low,
        high=found.high,
        level=LEVEL,
        method="stated",
        n=found.sequences,
        higher_is_better=False,
        metric="nats a token",
        dataset="paddock sample texts",
        model=output.id,
        model_digest=output.weights_digest,
        suite_digest=texts_digest(),
    )
