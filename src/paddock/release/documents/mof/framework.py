"""The classes of the Model Openness Framework 1.0, and the algorithm that finds a model's.

Pure, and agrees with the framework's own tool (LF AI & Data, model_openness_tool) on the cases that
the tool is tested with. Class III asks for the model, II also for the tooling, I also for the
science; a class whose less demanding neighbour is not reached counts nothing. A research paper
stands in for a technical report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from paddock.release.documents.mof.open_licences import is_open

ContentType = Literal["code", "data", "document"]
NAME, VERSION, DATE = "Model Openness Framework", "1.0", "2024-12-15"
REPORT, PAPER = "Technical report", "Research paper"
LABELS = {
    0: "Unclassified",
    1: "Class I - Open Science Model",
    2: "Class II - Open Tooling Model",
    3: "Class III - Open Model",
}
CONTENT_TYPES: Mapping[str, ContentType] = {
    "Model architecture": "code",
    "Data preprocessing code": "code",
    "Training code": "code",
    "Inference code": "code",
    "Evaluation code": "code",
    "Supporting libraries and tools": "code",
    "Model parameters (Final)": "data",
    "Model parameters (Intermediate)": "data",
    "Datasets": "data",
    "Evaluation data": "data",
    "Model metadata": "data",
    "Sample model outputs": "document",
    "Model card": "document",
    "Data card": "document",
    REPORT: "document",
    PAPER: "document",
    "Evaluation results": "document",
}
_MODEL = frozenset(
    {"Model architecture", "Model parameters (Final)", REPORT, "Evaluation results", "Model card",
     "Data card"}
)  # fmt: skip
_TOOLING = _MODEL | {"Training code", "Inference code", "Evaluation code", "Evaluation data"}
_SCIENCE = _TOOLING | {
    PAPER, "Datasets", "Data preprocessing code", "Model parameters (Intermediate)",
}  # fmt: skip
REQUIRED: Mapping[int, frozenset[str]] = {3: _MODEL, 2: _TOOLING, 1: _SCIENCE}


class Classified(NamedTuple):
    """A class, and how far the others are: percent by class."""

    mof_class: int  # 1 to 3, or 0
    progress: Mapping[int, float]
    missing: tuple[str, ...]  # of the next class; nothing when there is none

    @property
    def label(self) -> str:
        return LABELS[self.mof_class]


def classify(included: frozenset[str]) -> Classified:
    """The class of what is there under terms that count."""
    stands_in = PAPER in included and REPORT not in included
    counted = included | {REPORT} if stands_in else included
    progress: dict[int, float] = {}
    missing: tuple[str, ...] = ()
    reached, open_so_far = 0, True
    for mof_class in (3, 2, 1):
        required = REQUIRED[mof_class]
        if stands_in and mof_class == 1:
            required -= {REPORT}  # one paper is not two documents
        progress[mof_class] = 100 * len(required & counted) / len(required) if open_so_far else 0.0
        if open_so_far and required <= counted:
            reached = mof_class
        elif open_so_far:
            open_so_far, missing = False, tuple(sorted(required - counted))
    return Classified(reached, progress, missing)


def licence_of(component: str, own: str | None, terms: Mapping[str, str | None]) -> str | None:
    """What a component is under: its own, that of its kind of content, that of the whole."""
    for licence in (own, terms.get(CONTENT_TYPES[component]), terms.get("distribution")):
        if licence and licence.strip() and licence.strip().lower() != "unlicensed":
            return licence.strip()
    return None


def is_included(component: str, own: str | None, terms: Mapping[str, str | None]) -> bool:
    """Whether a component that is there counts."""
    licence = licence_of(component, own, terms)
    return licence is not None and is_open(licence)
