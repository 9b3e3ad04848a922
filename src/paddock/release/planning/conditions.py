"""What the specification and a look at the source already decide: conditions, each met or not.

Pure. Licences and withholding have their own judges, which the plan asks as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paddock.errors import shown
from paddock.front_matter import CARD_NAME
from paddock.release.evidence import Check, Group
from paddock.release.files.formats import refusal
from paddock.release.files.paths import matching
from paddock.release.licences.card_licence import is_unknown
from paddock.release.planning.adapter_source import ADAPTER
from paddock.release.planning.source import Source
from paddock.release.spec.release_spec import ReleaseSpec


def source_checks(spec: ReleaseSpec, source: Source, kept: Sequence[str]) -> list[Check]:
    """The checkpoint, the names and first bytes of the files, and the patterns that mean them."""
    return [
        *all_met("formats.checkpoint", "formats", "the checkpoint opens", source.model.problems),
        *format_checks(spec, source),
        *all_met("integrity.names", "integrity", "every name is usable", _name_problems(source)),
        *content_checks(spec, source, kept),
        *all_met("integrity.patterns", "integrity", "every pattern means a file",
                 _pattern_problems(spec, source, kept)),
        *claim_checks(spec, source),
        *adapter_checks(spec, source),
    ]  # fmt: skip


def format_checks(spec: ReleaseSpec, source: Source) -> Iterator[Check]:
    """What ``artifacts.source.formats`` allows the source to be."""
    allowed, found = spec.artifacts.source_section.formats, source.model.format
    named = {"huggingface": "safetensors", ADAPTER: "safetensors"}.get(found, found)
    if allowed and found != "unknown" and named not in allowed:
        sentence = f"the source is {named}, and artifacts.source.formats allows "
        yield Check("formats.source", "formats", "unmet", sentence + ", ".join(allowed))


def all_met(id_: str, group: Group, sentence: str, problems: Iterable[str]) -> list[Check]:
    """One met condition, or one unmet for each problem."""
    found = list(problems)
    if not found:
        return [Check(id_, group, "met", sentence)]
    return [
        Check(id_ if number == 1 else f"{id_}.{number}", group, "unmet", problem)
        for number, problem in enumerate(found, 1)
    ]


def content_checks(spec: ReleaseSpec, source: Source, paths: Sequence[str]) -> list[Check]:
    """Files that must not be released, by their names and first bytes."""
    found = ((path, refusal(path, source.heads.get(path, b""))) for path in paths)
    allowed = set() if spec.artifacts.forbid_python else {"python"}
    refused = [
        Check(f"formats.file:{path}", "formats", "unmet", why.sentence, hint=_LEAVE_OUT)
        for path, why in found
        if why is not None and why.kind not in allowed
    ]
    return refused or [Check("formats.files", "formats", "met", f"{len(paths)} files may leave")]


_LEAVE_OUT = "remove the file, or name it under artifacts.source.exclude"


def _name_problems(source: Source) -> list[str]:
    """Links, special files and impossible names, outside the hidden folders."""
    return [
        problem.sentence
        for problem in source.listing.problems
        if not any(part.startswith(".") for part in problem.path.split("/"))
    ]


def _pattern_problems(spec: ReleaseSpec, source: Source, kept: Sequence[str]) -> Iterator[str]:
    """Patterns that mean nothing, and files that two components claim."""
    everything = sorted(source.listing.files)
    released = sorted({*kept, *source.model.produced, CARD_NAME})
    for pattern in spec.artifacts.exclude:
        if not matching(pattern, everything):
            yield f"artifacts.source.exclude: {pattern!r} matches no file"
    wanted = [("licenses.notices", path, released) for path in spec.licenses.notices]
    if spec.licenses.acceptable_use_file is not None:
        policy = spec.licenses.acceptable_use_file
        wanted.append(("licenses.acceptable_use.file", policy, released))
    if spec.access_section is not None and spec.access_section.terms is not None:
        wanted.append(("access.terms", spec.access_section.terms, released))
    claimed: dict[str, str] = {}
    for part in spec.components:
        among = everything if part.access == "withheld" else released
        wanted += [(f"components[{part.name}].path", pattern, among) for pattern in part.paths]
        if part.access == "gated" and spec.access.mechanism == "none":
            yield f"{part.name} is gated, and access.mechanism is 'none'"
        for path in sorted({p for pattern in part.paths for p in matching(pattern, among)}):
            if claimed.setdefault(path, part.name) != part.name:
                yield f"{path} belongs to two components: {claimed[path]}, {part.name}"
    for key, pattern, among in wanted:
        if not matching(pattern, among) and not _is_written(pattern):
            yield f"{key}: {pattern!r} matches no file of the release"


def _is_written(pattern: str) -> bool:
    """Whether a pattern means what the build itself writes."""
    return pattern.startswith((".eval_results/", "documents/", "attestations/"))


def claim_checks(spec: ReleaseSpec, source: Source) -> Iterator[Check]:
    """What is said where nobody has written anything yet, or too little."""
    if is_template(spec.metadata.description or ""):
        yield Check(
            "documents.description", "documents", "unmet", "metadata.description is a placeholder",
            hint="say what the model is, or leave it out",
        )  # fmt: skip
    if is_template(source.readme):
        sentence = "README.md is an unfilled template: its text is not carried into the card"
        yield Check("documents.readme", "documents", "warned", sentence)
    if spec.access.schedule and not any(hasattr(there, "repo") for there in spec.publish):
        sentence = "access.schedule: only hubs can keep to a schedule, and publish names none"
        yield Check("lifecycle.schedule", "lifecycle", "warned", sentence)
    if is_unknown(spec.licenses.distribution):
        sentence = "the licence is unknown, so nobody may use the model: set licenses.distribution"
        yield Check("licence.unknown", "licence", "warned", sentence)


def adapter_checks(spec: ReleaseSpec, source: Source) -> Iterator[Check]:
    """An adapter says which model it is for: one that others can find, and that is declared."""
    said = next((f.value for f in source.model.facts if f.key == "adapter.base_model"), None)
    if source.model.format != ADAPTER or not isinstance(said, str):
        return
    declared = [parent.id for parent in spec.lineage.base_model]
    sentence = f"the adapter is for {shown(said)}, and lineage.base_model names it"
    if said in declared:
        yield Check("integrity.adapter", "integrity", "met", sentence)
    elif said.startswith(("/", ".", "~")) or "\\" in said:
        sentence = f"adapter_config.json says that it is for {shown(said)}, a path of one machine"
        hint = "set base_model_name_or_path to the model's id"
        yield Check("integrity.adapter", "integrity", "unmet", sentence, hint=hint)
    else:
        sentence = f"the adapter is for {shown(said)}, which lineage.base_model does not name"
        hint = f"add {{id: {said}, relation: adapter}} to it"
        yield Check("integrity.adapter", "integrity", "unmet", sentence, hint=hint)


def is_template(text: str) -> bool:
    """Whether a text is still the Hub's empty form."""
    return "more information needed" in text.lower()
