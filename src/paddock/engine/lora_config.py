"""``adapter_config.json``: what PEFT says of a LoRA adapter, read with suspicion.

Knows the settings and which of them change what is computed; touches no tensor. Settings that only
training used are passed over; any other that is not empty is refused by its name, so that a kind
of adapter that is invented later is never run as something else.
(Facts: peft 0.21, ``tuners/lora/config.py`` and ``utils/other.py``, ``get_pattern_key``.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from paddock.checkpoint import fields
from paddock.checkpoint.strict_json import load_object
from paddock.engine.errors import BadAdapter
from paddock.errors import shown

_N = TypeVar("_N", int, float)
CONFIG: Final = "adapter_config.json"
MAX_RANK: Final = 1 << 12
MAX_ALPHA: Final = 1e6
MAX_ITEMS: Final = 10_000  # of a list of modules, or of a table of patterns
MAX_NAME: Final = 512

# Read here, or of no meaning once an adapter is trained.
_KNOWN: Final = frozenset(
    {
        *("peft_type", "r", "lora_alpha", "target_modules", "use_rslora", "rank_pattern"),
        *("alpha_pattern", "bias", "init_lora_weights", "task_type", "auto_mapping"),
        *("peft_version", "base_model_name_or_path", "revision", "inference_mode"),
        *("lora_dropout", "exclude_modules", "layers_to_transform", "layers_pattern"),
        *("megatron_core", "loftq_config", "eva_config", "corda_config", "lora_ga_config"),
        *("velora_config", "qalora_group_size", "runtime_config", "ensure_weight_tying"),
    }
)
_WORDS: Final = {
    "use_dora": "is DoRA, which scales columns of the weights too",
    "modules_to_save": "replaces whole modules of the model",
    "lora_bias": "has biases",
    "fan_in_fan_out": "is of transposed layers, which no Llama has",
}
# These begin from changed weights of the model: what was learnt is not for the original ones.
_OTHER_WEIGHTS: Final = ("pissa", "olora", "corda", "loftq", "lora_ga")
_PLAIN_NAME: Final = re.compile(r"\^?[A-Za-z0-9_.]+")


@dataclass(frozen=True, slots=True)
class LoraConfig:
    """What decides ranks and scales."""

    rank: int
    alpha: float
    modules: tuple[str, ...] | None  # ends of module names; None: by an expression
    is_rank_stabilised: bool
    ranks: Mapping[str, int]  # exceptions by ends of module names, the first that fits counts
    alphas: Mapping[str, float]

    def rank_of(self, module: str) -> int:
        """The rank that a module's matrices must have."""
        return _first(self.ranks, module, self.rank)

    def scale_of(self, module: str) -> float:
        """What a module's product is multiplied by."""
        alpha, rank = _first(self.alphas, module, self.alpha), self.rank_of(module)
        return alpha / (math.sqrt(rank) if self.is_rank_stabilised else rank)

    def targets(self, module: str) -> bool:
        """Whether the adapter is said to be of this module.

        An expression is not run: it may be made to take for ever. The tensors then say it alone.
        """
        return self.modules is None or any(_ends_with(module, name) for name in self.modules)


def load_lora_config(folder: Path) -> LoraConfig:
    """The configuration in an adapter's folder; raises BadAdapter and BadConfig."""
    source = load_object(folder / CONFIG, BadAdapter)
    kind = fields.text(source, "peft_type", "")
    if kind != "LORA":
        raise BadAdapter("not_lora", f"the adapter's peft_type is {shown(kind)}, not 'LORA'")
    _refuse_variants(source)
    return LoraConfig(
        rank=fields.integer(source, "r", 1, MAX_RANK),
        alpha=fields.number(source, "lora_alpha", -MAX_ALPHA, MAX_ALPHA),
        modules=_modules(source.get("target_modules")),
        is_rank_stabilised=fields.boolean(source, "use_rslora", False),
        ranks={
            name: fields.integer(table, name, 1, MAX_RANK)
            for table, name in _patterns(source, "rank_pattern")
        },
        alphas={
            name: fields.number(table, name, -MAX_ALPHA, MAX_ALPHA)
            for table, name in _patterns(source, "alpha_pattern")
        },
    )


def _refuse_variants(source: Mapping[str, Any]) -> None:
    for name, value in source.items():
        if name not in _KNOWN and value:
            why = _WORDS.get(name, f"asks for {shown(name)}, which is not run here")
            raise BadAdapter("variant", f"the adapter {why}", hint="use plain LoRA")
    if source.get("bias") not in (None, "none"):
        raise BadAdapter("variant", f"the adapter trains biases (bias {shown(source['bias'])})")
    start = source.get("init_lora_weights")
    if type(start) is str and start.startswith(_OTHER_WEIGHTS):
        raise BadAdapter(
            "variant",
            f"the adapter began from weights changed by {shown(start)}, not from the model's own",
            hint="save it with PEFT's path_initial_model_for_weight_conversion",
        )


def _modules(value: object) -> tuple[str, ...] | None:
    if type(value) is str:
        return None
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise fields.wrong_type("target_modules", value, "a list of names, or an expression")
    for name in value:
        if type(name) is not str or not 0 < len(name) <= MAX_NAME:
            raise fields.wrong_type("a name in target_modules", name, "a string")
    return tuple(value)


def _patterns(source: Mapping[str, Any], name: str) -> list[tuple[dict[str, Any], str]]:
    """The table under a name, with each of its keys: plain names of modules."""
    table = source.get(name) or {}
    if not isinstance(table, dict) or len(table) > MAX_ITEMS:
        raise fields.wrong_type(name, table, "an object of at most 10,000 names")
    for key in table:
        if len(key) > MAX_NAME or not _PLAIN_NAME.fullmatch(key):
            raise BadAdapter(
                "pattern",
                f"{name} has the expression {shown(key)}",
                hint="write the names of modules out; expressions are not run",
            )
    return [(table, key) for key in table]


def _first(exceptions: Mapping[str, _N], module: str, default: _N) -> _N:
    return next((value for name, value in exceptions.items() if _ends_with(module, name)), default)


def _ends_with(module: str, name: str) -> bool:
    """Whether a module's name is this one or ends with it; ``^`` asks for the whole."""
    if name.startswith("^"):
        return module == name[1:]
    return module == name or module.endswith("." + name)
