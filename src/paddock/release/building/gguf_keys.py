"""What a GGUF file of the release says about its origin: name, licence and parents.

Pure. The keys are llama.cpp's (gguf-py, constants.py, ``general.*``). A copy of the file alone
still says under which terms it came and what it was made from.
"""

from __future__ import annotations

from paddock.checkpoint.gguf.values import Value, text, u32
from paddock.release.licences.card_licence import card_licence
from paddock.release.spec.release_spec import ReleaseSpec


def origin_keys(spec: ReleaseSpec, license_file: str | None) -> dict[str, Value]:
    """The keys that release.yaml knows; ``license_file`` is the licence's text in the release."""
    said: dict[str, str | None] = {
        "general.name": spec.metadata.name,
        "general.version": spec.metadata.version,
        "general.organization": spec.metadata.producer.name if spec.metadata.producer else None,
    }
    licence = card_licence(spec.licenses.distribution)
    if licence.license != "unknown":
        said["general.license"] = licence.license
        said["general.license.name"] = licence.license_name or spec.licenses.distribution
        said["general.license.link"] = license_file
    keys = {key: text(value) for key, value in said.items() if value}
    parents = spec.lineage.base_model
    if parents:
        keys["general.base_model.count"] = u32(len(parents))
    for number, parent in enumerate(parents):
        organization, slash, name = parent.id.rpartition("/")
        own = f"general.base_model.{number}."
        keys[own + "name"] = text(name)
        if slash:
            keys[own + "organization"] = text(organization)
        if parent.revision:
            keys[own + "version"] = text(parent.revision)
    return keys
