"""What follows from other facts: lists for the forms, and numbers in the forms' units.

Pure. Each fact keeps the source of what it was computed from: files are measured, what release.yaml
or a file of answers says is declared.
"""

from __future__ import annotations

from collections.abc import Iterable

from paddock.release.facts import Fact, Facts, Value, declared, measured
from paddock.release.files.manifest import ReleaseFile
from paddock.release.spec.components import CARD, PARAMETERS
from paddock.release.spec.release_spec import ReleaseSpec

HOURS_IN_A_DAY = 24
RELEASE_FILE = "release.yaml"
_MODALITIES = {"language": ["text"], "text": ["text"]}


def computed_facts(
    spec: ReleaseSpec, facts: Facts, files: Iterable[ReleaseFile] = ()
) -> tuple[Fact, ...]:
    """The facts that the Union's forms need beside those that were measured and declared."""
    found = [
        *_stated(spec),
        declared("Models it depends on", _dependencies(spec), "eu.dependencies", RELEASE_FILE),
        declared("Channels", _channels(spec, facts), "eu.channels", RELEASE_FILE),
        declared("Licence", _licence(spec), "eu.licence", RELEASE_FILE),
        declared("Assets", _assets(spec, facts), "eu.assets", RELEASE_FILE),
        declared("Uses", _uses(facts), "eu.uses", facts["use.direct"].by),
        *_limits(facts),
        *_modalities(spec),
    ]
    weights: list[Value] = [
        {"file": file.path, "sha256": file.sha256} for file in files if file.role == "weights"
    ]
    if weights:
        found.append(measured("Evidence of authenticity", weights, "eu.authenticity", "the build"))
    return tuple(fact for fact in found if fact.is_known)


def _stated(spec: ReleaseSpec) -> list[Fact]:
    """What ``docs.eu`` says."""
    metadata, eu = spec.metadata, spec.docs.eu
    name = f"{metadata.name} {metadata.version}"
    found = [declared("Name of the model", name, "eu.model_name", RELEASE_FILE)]
    if spec.licenses.acceptable_use_file:
        path = spec.licenses.acceptable_use_file
        found.append(declared("Acceptable use policy", path, "eu.acceptable_use", RELEASE_FILE))
    if eu is None:
        return found
    day = eu.union_market_date.isoformat() if eu.union_market_date else None
    return [
        *found,
        declared("Date on the Union's market", day, "eu.market_date", RELEASE_FILE),
    ]


def restricted_facts(spec: ReleaseSpec, facts: Facts) -> tuple[Fact, ...]:
    """What ``docs.eu`` says for authorities alone; in public only orders of magnitude are told."""
    eu = spec.docs.eu
    if eu is None:
        return ()
    found = [
        declared("Training operations", eu.training_flop, "training.flop", RELEASE_FILE),
        declared("Systemic risk", eu.systemic_risk, "eu.systemic_risk", RELEASE_FILE),
        *_hardware_days(facts),
    ]
    return tuple(fact for fact in found if fact.is_known)


def _dependencies(spec: ReleaseSpec) -> list[Value]:
    lineage = spec.lineage
    parents = [
        (parent, how)
        for group, how in (
            (lineage.base_model, "base model"),
            (lineage.distilled_from, "distilled from"),
            (lineage.trained_on_outputs_of, "trained on its outputs"),
        )
        for parent in group
    ]
    return [
        {
            "model": parent.id,
            "version": parent.revision,
            "how": parent.relation or how,
            "licence": parent.license,
        }
        for parent, how in parents
    ]


def _channels(spec: ReleaseSpec, facts: Facts) -> list[Value]:
    """Where it is published and who gets in; a folder of the author's machine is no channel."""
    places: list[Value] = []
    for there in spec.publish:
        address = getattr(there, "repo", None) or getattr(there, "ref", None)
        if address is not None:
            url = getattr(there, "url", None)
            link = f"{url.rstrip('/')}/{address}" if url else address
            places.append({"name": there.to, "access": _access(spec), "link": link})
    more = facts.value("eu.form.channels")
    return places + (more if isinstance(more, list) else [])


def _access(spec: ReleaseSpec) -> str:
    access = spec.access
    return access.stage if access.mechanism == "none" else f"{access.stage}, {access.mechanism}"


def _licence(spec: ReleaseSpec) -> list[Value]:
    licenses = spec.licenses
    return [
        f"{title}: {terms}"
        for title, terms in (
            ("all", licenses.distribution),
            ("code", licenses.code),
            ("data", licenses.data),
            ("documents", licenses.document),
        )
        if terms and terms != "unknown"
    ]


def _assets(spec: ReleaseSpec, facts: Facts) -> list[Value]:
    own: list[Value] = [
        {"name": part.name, "access": part.access, "licence": part.license}
        for part in spec.components
        if part.name not in {PARAMETERS, CARD} and part.access in {"open", "gated"}
    ]
    more = facts.value("eu.form.assets")
    return own + (more if isinstance(more, list) else [])


def _uses(facts: Facts) -> str | None:
    """Intended and restricted uses, as the card tells them."""
    parts = [
        f"{title}: {fact.text}"
        for title, key in (
            ("Direct use", "use.direct"),
            ("Downstream use", "use.downstream"),
            ("Out of scope", "use.out_of_scope"),
        )
        if (fact := facts[key]).is_known
    ]
    return "\n\n".join(parts) or None


def _limits(facts: Facts) -> list[Fact]:
    context = facts["model.context_tokens"]
    if isinstance(context.value, int):
        text = f"text: {context.value} tokens of context"
        return [Fact("Largest input", text, context.source, "eu.input_limits", context.by)]
    return []


def _hardware_days(facts: Facts) -> list[Fact]:
    hours = facts["training.hardware_hours"]
    days = facts["eu.form.hardware_days"]
    if days.is_known:
        return [Fact("Days of hardware", days.value, days.source, "eu.hardware_days", days.by)]
    if isinstance(hours.value, int | float):
        value = hours.value / HOURS_IN_A_DAY
        return [Fact("Days of hardware", value, hours.source, "eu.hardware_days", hours.by)]
    return []


def _modalities(spec: ReleaseSpec) -> list[Fact]:
    """A language model's inputs and outputs are text, unless the author says something else."""
    kinds = _MODALITIES.get((spec.metadata.type or "").lower())
    if kinds is None:
        return []
    value: list[Value] = list(kinds)
    by = f"{RELEASE_FILE}, metadata.type"
    return [
        declared("Input modalities", value, "model.input_modalities", by),
        declared("Output modalities", value, "model.output_modalities", by),
    ]
