"""The model card inside a CycloneDX bill: parameters, results with intervals, considerations.

Pure. Only what a fact or a result says; a word that the standard does not list is left out here and
stays among the properties.
"""

from __future__ import annotations

from typing import Any

from paddock.release.documents.content import DocumentContent
from paddock.release.facts import Value, in_words
from paddock.release.results.result import Result

_APPROACHES = frozenset(
    {"supervised", "unsupervised", "reinforcement-learning", "semi-supervised", "self-supervised"}
)
KWH_IN_A_MWH = 1000
KG_IN_A_TONNE = 1000


def model_card(content: DocumentContent) -> dict[str, Any]:
    """``modelCard`` of the model's component."""
    metrics = [_metric(result) for result in content.results]
    return _known({
        "bom-ref": "model-card",
        "modelParameters": _parameters(content),
        "quantitativeAnalysis": {"performanceMetrics": metrics} if metrics else None,
        "considerations": _considerations(content),
    })  # fmt: skip


def _parameters(content: DocumentContent) -> dict[str, Any]:
    approach = str(content.value("training.approach") or "").lower().replace(" ", "-")
    architecture = content.facts["model.architecture"]
    return _known({
        "approach": {"type": approach} if approach in _APPROACHES else None,
        "task": content.spec.metadata.pipeline_tag,
        "architectureFamily": content.spec.metadata.architecture or "transformer decoder",
        "modelArchitecture": architecture.text if architecture.is_known else None,
        "datasets": [{"ref": f"dataset:{number}"} for number in range(len(content.datasets))],
        "inputs": [{"format": kind} for kind in _texts(content, "model.input_modalities")],
        "outputs": [{"format": kind} for kind in _texts(content, "model.output_modalities")],
    })  # fmt: skip


def _metric(result: Result) -> dict[str, Any]:
    bounds = {"lowerBound": _number(result.low), "upperBound": _number(result.high)}
    slice_ = " ".join(filter(None, [result.task, result.dataset, result.dataset_revision]))
    return _known({
        "type": f"{result.eval} {result.metric}" if result.metric else result.eval,
        "value": _number(result.value),
        "slice": slice_,
        "confidenceInterval": None if result.is_point else bounds,
    })  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _considerations(content: DocumentContent) -> dict[str, Any]:
    cases = [*_texts(content, "use.cases"), *_texts(content, "use.direct")]
    energy = _energy(content)
    return _known({
        "users": _texts(content, "use.users"),
        "useCases": cases,
        "technicalLimitations": _texts(content, "risks.limitations"),
        "performanceTradeoffs": _texts(content, "risks.tradeoffs"),
        "ethicalConsiderations": [
            _known({"name": row.get("name"), "mitigationStrategy": row.get("mitigation")})
            for row in _rows(content, "risks.ethical")
        ],
        "environmentalConsiderations": {"energyConsumptions": [energy]} if energy else None,
        "fairnessAssessments": [
            _known({
                "groupAtRisk": row.get("group"),
                "benefits": row.get("benefits"),
                "harms": row.get("harms"),
                "mitigationStrategy": row.get("mitigation"),
            })
            for row in _rows(content, "risks.fairness")
        ],
    })  # fmt: skip


def _energy(content: DocumentContent) -> dict[str, Any] | None:
    """Energy of training; the standard wants to know from whom, so without that there is none."""
    mwh, provider = content.value("energy.training_mwh"), content.value("training.provider")
    if not isinstance(mwh, int | float) or not isinstance(provider, str):
        return None
    measure = {"value": mwh * KWH_IN_A_MWH, "unit": "kWh"}
    carbon = content.value("energy.co2_kg")
    tuned = bool(content.spec.lineage.base_model)
    return _known({
        "activity": "fine-tuning" if tuned else "training",
        "energyProviders": [
            {
                "organization": {"name": provider},
                "energySource": "unknown",
                "energyProvided": measure,
            }
        ],
        "activityEnergyCost": measure,
        "co2CostEquivalent": {"value": carbon / KG_IN_A_TONNE, "unit": "tCO2eq"}
        if isinstance(carbon, int | float) else None,
    })  # fmt: skip


def _texts(content: DocumentContent, key: str) -> list[str]:
    value: Value = content.value(key)
    if value is None:
        return []
    return [in_words(item) for item in value] if isinstance(value, list) else [in_words(value)]


def _rows(content: DocumentContent, key: str) -> list[dict[str, Any]]:
    value = content.value(key)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _known(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value not in (None, [], {}, "")}
