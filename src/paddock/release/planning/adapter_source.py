"""A source that is a LoRA adapter rather than a whole model: what it says, and whether it is one.

Reads its settings and the header of its weights. Which model it belongs to is checked against that
model, where it is at hand, when the built release is run.
"""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.safetensors.reading import open_tensors
from paddock.checkpoint.strict_json import load_object
from paddock.engine.errors import BadAdapter
from paddock.engine.lora_config import CONFIG, LoraConfig, load_lora_config
from paddock.engine.lora_folder import PICKLE, WEIGHTS
from paddock.release.documents.measured import as_measured
from paddock.release.facts import Fact, Value
from paddock.release.planning.source import Model

ADAPTER = "adapter"
_PARTS = (".lora_A.weight", ".lora_B.weight")


def is_adapter(folder: Path) -> bool:
    """Whether the folder holds an adapter and no model."""
    return (folder / CONFIG).is_file() and not (folder / "config.json").exists()


def adapter_model(folder: Path) -> Model:
    """The adapter in the folder, in facts; what is wrong with it, in problems."""
    try:
        settings = load_lora_config(folder)
        if not (folder / WEIGHTS).is_file() and (folder / PICKLE).is_file():
            problem = f"{PICKLE} is a pickle: save the adapter as {WEIGHTS}"
            return Model(format=ADAPTER, problems=(problem,))
        tensors = open_tensors(folder / WEIGHTS)
    except (BadAdapter, BadCheckpoint) as e:
        return Model(format=ADAPTER, problems=(e.message,))
    except OSError as e:
        return Model(format=ADAPTER, problems=(f"the adapter cannot be read: {e.strerror}",))
    names = [tensor.name for tensor in tensors]
    parameters = sum(tensor.elements for tensor in tensors)
    dtypes = sorted({tensor.dtype for tensor in tensors})
    return Model(
        format=ADAPTER,
        facts=_facts(folder, settings, parameters, names),
        problems=tuple(_problems(names)),
        summary=f"LoRA adapter of rank {settings.rank}, {parameters:,} parameters, "
        f"{', '.join(dtypes)}",
    )


def base_of(folder: Path) -> str | None:
    """The model that the adapter says it is for."""
    try:
        named = load_object(folder / CONFIG, BadAdapter).get("base_model_name_or_path")
    except (BadCheckpoint, OSError):
        return None
    return named if isinstance(named, str) and named.strip() else None


def _facts(
    folder: Path, settings: LoraConfig, parameters: int, names: list[str]
) -> tuple[Fact, ...]:
    values: dict[str, Value] = {
        "model.architecture": "LoRA adapter for a Llama",
        "model.parameters": parameters,
        "model.source_format": ADAPTER,
        "adapter.rank": settings.rank,
        "adapter.alpha": settings.alpha,
        "adapter.modules": sorted({name.split(".")[-3] for name in names if name.endswith(_PARTS)}),
        "adapter.base_model": base_of(folder),
    }
    return tuple(as_measured(key, value) for key, value in values.items() if value is not None)


def _problems(names: list[str]) -> list[str]:
    """Half a product is none, and anything else changes more than the model it is for."""
    odd = [name for name in names if not name.endswith(_PARTS)]
    if odd:
        return [f"{WEIGHTS} holds {odd[0][:120]!r}, which is no part of a LoRA adapter"]
    a, b = ({n.removesuffix(part) for n in names if n.endswith(part)} for part in _PARTS)
    lonely = sorted(a ^ b)
    if not names or lonely:
        return [
            f"{WEIGHTS} has only half of {lonely[0][:120]}" if lonely else f"{WEIGHTS} is empty"
        ]
    return []
