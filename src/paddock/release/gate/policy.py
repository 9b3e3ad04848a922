"""A gate's policy: what must hold besides what was judged, as a file or built in for each stage.

Reads YAML, closed like release.yaml; decides nothing. A release whose file has no ``gate`` is held
against what was judged and nothing else, and its gate's record says so.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from paddock.release.errors import BadReleaseFile
from paddock.release.evidence import Group
from paddock.release.spec.audit import Condition
from paddock.release.spec.metadata import Stage
from paddock.release.spec.reader import parse_section
from paddock.release.spec.section import Glob, Listed, Many, Section, Text
from paddock.release.spec.yaml_tree import parse_yaml

KIND = "GatePolicy"
NO_POLICY = "none"
Days = Annotated[int, Field(ge=1, le=36_500)]


class RequiredResults(Section):
    """Evaluations of which a result must be there, by patterns with ``*``."""

    quality: Many[Text] = ()
    safety: Many[Text] = ()
    privacy: Many[Text] = ()
    bias: Many[Text] = ()


class Thresholds(Section):
    """Conditions of the policy, besides those under ``audit``."""

    quality: Listed[Condition] = ()
    safety: Listed[Condition] = ()
    privacy: Listed[Condition] = ()
    bias: Listed[Condition] = ()


class ResultsPolicy(Section):
    """What is asked of evaluation results."""

    required: RequiredResults = Field(default_factory=RequiredResults)
    thresholds: Thresholds = Field(default_factory=Thresholds)
    max_age_days: Days | None = None
    level: Annotated[float, Field(ge=0.5, lt=1, strict=False)] = Field(
        0.95, description="The least confidence of an interval that counts: 0.5 and more."
    )
    model_digest: Literal["required", "stated"] = Field(
        "required",
        description="Whether a result must say which weights it is of; stated: it may say nothing.",
    )


class PolicyApprovals(Section):
    """The least number of people who say yes, and as what."""

    required: Annotated[int, Field(ge=0, le=100)] = 0
    roles: Many[Text] = ()


class WaiverPolicy(Section):
    """What may be waived."""

    max_days: Days | None = Field(None, description="For how long at most.")


class GatePolicy(Section):
    """What must be true before a release leaves."""

    apiVersion: Literal["paddock/v1"] = "paddock/v1"
    kind: Literal["GatePolicy"] = "GatePolicy"
    name: Text
    wholly_met: Many[Group] = Field((), description="Groups in which no waiver counts.")
    checks: Many[Text] = Field((), description="Conditions that must be judged and met, by id.")
    scan: Literal["clean", "any"] = "any"
    leak_check: Literal["passed", "any"] = "any"
    documents: Many[Glob] = Field((), description="Files that must be in the release.")
    results: ResultsPolicy = Field(default_factory=ResultsPolicy)
    approvals: PolicyApprovals = Field(default_factory=PolicyApprovals)
    cooloff_hours: Annotated[int, Field(ge=0, le=10_000)] = 0
    waivers: WaiverPolicy = Field(default_factory=WaiverPolicy)


def parse_policy(content: bytes, file_name: str) -> GatePolicy:
    """The policy in ``content``; raises BadReleaseFile."""
    tree = parse_yaml(content, file_name)
    if not isinstance(tree.value, dict):
        raise BadReleaseFile(
            f"{file_name}:{tree.line}: the file must be a mapping of keys to values"
        )
    for key, expected in (("apiVersion", "paddock/v1"), ("kind", KIND)):
        node = tree.value.get(key)
        if node is None or node.value != expected:
            line = tree.line if node is None else node.line
            raise BadReleaseFile(f"{file_name}:{line}: {key}: must be {expected!r}")
    return parse_section(tree, GatePolicy, file_name)


def built_in_source(stage: Stage) -> bytes:
    """The built-in policy of a stage as it is written."""
    return (files("paddock.release.gate") / "policies" / f"{stage}.yaml").read_bytes()


def built_in_policy(stage: Stage) -> GatePolicy:
    """The policy that holds for a stage when release.yaml names none."""
    return parse_policy(built_in_source(stage), f"{stage}.yaml")


def no_policy() -> GatePolicy:
    """What holds for a release without a gate: whatever was judged, and nothing else.

    Results that say of no weights that they are of them are warned of.
    """
    return GatePolicy(name=NO_POLICY, results=ResultsPolicy(model_digest="stated"))
