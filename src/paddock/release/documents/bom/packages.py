"""The model, its parents and its data sets as SPDX 3.0.1 packages.

Pure: facts and descriptions to the properties that the AI and Dataset profiles name. What nobody
said is left out; the profiles' own words for no answer stand where a property must be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddock.release.documents.bom.identity import described_root, download_location, purl
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.croissant.dataset import DatasetDescription
from paddock.release.facts import in_words
from paddock.release.spec.components import PARAMETERS
from paddock.release.spec.lineage import Ancestor

_RISKS = frozenset({"serious", "high", "medium", "low"})
_LISTED = ("model.layers", "model.hidden_size", "model.ffn_size", "model.heads", "model.kv_heads",
           "model.vocabulary", "model.context_tokens", "model.rope_theta")  # fmt: skip
_ACCESS = {"open": "directDownload", "clickthrough": "clickthrough", "registration": "registration",
           "manual": "registration"}  # fmt: skip
MIDNIGHT = "T00:00:00Z"


def ai_package(content: DocumentContent) -> dict[str, Any]:
    """The model itself."""
    metadata = content.spec.metadata
    personal = content.value("data.personal")
    risk = str(content.value("risks.safety_level") or "").lower()
    root = described_root(content)
    return {
        "type": "ai_AIPackage",
        "name": content.name,
        "description": metadata.description,
        "software_packageVersion": content.version,
        "software_packageUrl": purl(content),
        "software_downloadLocation": download_location(content),
        "software_primaryPurpose": "model",
        "releaseTime": f"{metadata.date}{MIDNIGHT}",
        "verifiedUsing": [hashed("sha256", root)],
        "comment": "verifiedUsing is the root over path, size and digests of every file.",
        "ai_domain": [metadata.pipeline_tag],
        "ai_typeOfModel": texts(content, "model.architecture"),
        "ai_energyConsumption": _energy(content),
        "ai_hyperparameter": _hyperparameters(content),
        "ai_informationAboutApplication": _joined(content, "use.direct", "use.downstream"),
        "ai_informationAboutTraining": _joined(content, "training.process", "training.regime",
                                               "training.data"),
        "ai_limitation": _joined(content, "risks.limitations", "use.out_of_scope"),
        "ai_metric": [entry(_metric_name(result), result.text) for result in content.results],
        "ai_modelDataPreprocessing": texts(content, "training.preprocessing"),
        "ai_modelExplainability": texts(content, "evaluation.examination"),
        "ai_safetyRiskAssessment": risk if risk in _RISKS else None,
        "ai_useSensitivePersonalInformation": _presence(personal),
    }  # fmt: skip


def ancestor_package(parent: Ancestor) -> dict[str, Any]:
    """A parent, as far as the lineage tells."""
    return {
        "type": "software_Package",  # the AI profile asks for more than a lineage tells
        "name": parent.id,
        "software_packageVersion": parent.revision,
        "software_primaryPurpose": "model",
        "verifiedUsing": [hashed("sha256", parent.digest.sha256)] if parent.digest else [],
    }


def dataset_package(one: DatasetDescription, content: DocumentContent) -> dict[str, Any]:
    """A described data set."""
    built = one.created or one.collected_to or one.published
    released = one.published or (content.spec.metadata.date if one.files else None)
    shipped = download_location(content) if one.files else None
    availability = one.availability or (_access(content) if one.files else None)
    return {
        "type": "dataset_DatasetPackage",
        "name": one.name,
        "description": one.description,
        "software_packageVersion": one.version,
        "software_downloadLocation": one.download or one.url or shipped,
        "software_homePage": one.url,
        "software_primaryPurpose": "data",
        "builtTime": f"{built}{MIDNIGHT}" if built else None,
        "releaseTime": f"{released}{MIDNIGHT}" if released else None,
        "verifiedUsing": [hashed("sha256", one.sha256)] if one.sha256 else [],
        "dataset_datasetType": list(one.types),
        "dataset_anonymizationMethodUsed": list(one.anonymisation),
        "dataset_confidentialityLevel": one.confidentiality,
        "dataset_dataCollectionProcess": one.collection,
        "dataset_dataPreprocessing": list(one.preprocessing),
        "dataset_datasetAvailability": availability,
        "dataset_datasetNoise": one.noise,
        "dataset_datasetSize": one.size_points,
        "dataset_datasetUpdateMechanism": one.updates,
        "dataset_hasSensitivePersonalInformation": one.sensitive,
        "dataset_intendedUse": one.intended_use,
        "dataset_knownBias": list(one.biases),
    }


def hashed(algorithm: str, value: str) -> dict[str, Any]:
    """A digest."""
    return {"type": "Hash", "algorithm": algorithm, "hashValue": value}


def entry(key: str, value: str) -> dict[str, Any]:
    """A pair."""
    return {"type": "DictionaryEntry", "key": key, "value": value}


def texts(content: DocumentContent, key: str) -> list[str]:
    """A fact as a list of texts."""
    value = content.value(key)
    items = value if isinstance(value, list) else [value]
    return [in_words(item) for item in items if item is not None]


def _joined(content: DocumentContent, *keys: str) -> str | None:
    return "\n\n".join(text for key in keys for text in texts(content, key)) or None


def _energy(content: DocumentContent) -> dict[str, Any] | None:
    mwh = content.value("energy.training_mwh")
    if not isinstance(mwh, int | float):
        return None
    kind = "finetuning" if content.spec.lineage.base_model else "training"
    described = {
        "type": "ai_EnergyConsumptionDescription",
        "ai_energyQuantity": float(mwh) * 1000,
        "ai_energyUnit": "kilowattHour",
    }
    return {"type": "ai_EnergyConsumption", f"ai_{kind}EnergyConsumption": [described]}


def _hyperparameters(content: DocumentContent) -> list[dict[str, Any]]:
    facts = [fact for key in _LISTED if (fact := content.facts[key]).is_known]
    found = [entry(fact.name, fact.text) for fact in facts]
    rows = content.value("training.hyperparameters")
    for row in rows if isinstance(rows, list) else []:
        found.append(entry(str(row["name"]), str(row.get("value", ""))))
    return found


def _metric_name(result: Any) -> str:
    return " ".join(filter(None, [result.eval, result.metric, result.dataset]))


def _presence(value: object) -> str:
    if not isinstance(value, bool):
        return "noAssertion"
    return "yes" if value else "no"


def _access(content: DocumentContent) -> str | None:
    """How a shipped data set is had: as the release is."""
    part = content.spec.component("Datasets") or content.spec.component(PARAMETERS)
    if part is not None and part.access == "withheld":
        return None
    access = content.spec.access
    return _ACCESS.get("open" if access.mechanism == "none" else access.mechanism)


def missing_of(package: dict[str, Any], required: Sequence[str]) -> list[str]:
    """Required properties that a package lacks."""
    return [name for name in required if package.get(name) in (None, [], "")]
