"""config.json of the open version: counts and per-layer lists that fit what is left.

Pure. What says where kinds of layers are by position is followed where that is a list, counted down
where it is a number of first layers, and refused where it is a period that the drop would break.
"""

from __future__ import annotations

import copy
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple

import rfc8785

from paddock.release.evidence import Check
from paddock.release.withholding.architecture import LAYERS_KEY, Architecture
from paddock.release.withholding.drops import Drops, layers_left, renumbered
from paddock.release.withholding.tensor_rules import fault
from paddock.release.withholding.withheld import ConfigChange

# Lists of the numbers of layers, and numbers of first layers (transformers' configurations).
_LAYER_NUMBERS = (
    "moe_layers", "mlp_only_layers", "cross_attention_layers", "attn_layer_indices",
    "full_attn_idxs", "global_attn_idx", "no_rope_layer_indices",
)  # fmt: skip
_FIRST_LAYERS = ("first_k_dense_replace", "max_window_layers")
# Every n-th layer is another kind, where no list says which.
_PERIODS = {
    "decoder_sparse_step": None, "moe_layer_freq": None, "interleave_moe_layer_step": "moe_layers",
    "sliding_window_pattern": "layer_types", "attn_layer_period": "layers_block_type",
    "expert_layer_period": None, "no_rope_layer_interval": "no_rope_layers",
    "full_attention_interval": "layer_types", "num_kv_shared_layers": None,
}  # fmt: skip
_A_VALUE_EACH = re.compile(
    r".*layer.*|.*pattern.*|.*block_type.*|intermediate_size|num_attention_heads|"
    r"num_key_value_heads|attention_types"
)
_NAMES_A_LAYER = re.compile(r"(?:^|\.)layers\.\d+(?:\.|$)")


class OpenConfig(NamedTuple):
    """The new configuration, what changed in it, and what could not."""

    config: dict[str, Any]
    changes: tuple[ConfigChange, ...]
    faults: tuple[Check, ...]


def open_config(architecture: Architecture, drops: Drops) -> OpenConfig:
    """The configuration without the dropped layers and experts."""
    config = copy.deepcopy(dict(architecture.config))
    settings = config if architecture.section is None else config[architecture.section]
    wanted = dict(_experts(architecture, drops))
    faults: list[Check] = []
    if drops.layers:
        if type(settings.get(LAYERS_KEY)) is not int:
            faults.append(fault("config", "layers", f"config.json does not say {LAYERS_KEY}"))
        wanted |= dict(_layers(settings, architecture, drops))
        faults += _periods(settings)
    faults += _names(config, drops)
    prefix = f"{architecture.section}." if architecture.section else ""
    changes = tuple(
        ConfigChange(prefix + key, settings[key], value)
        for key, value in wanted.items()
        if settings[key] != value
    )
    faults += [fault("config", c.key, f"config.json has an impossible {c.key}")
               for c in changes if not _is_plain(c)]  # fmt: skip
    settings.update(wanted)
    return OpenConfig(config, changes, tuple(faults))


def _experts(architecture: Architecture, drops: Drops) -> Iterator[tuple[str, Any]]:
    if drops.experts and architecture.expert_count is not None:
        for key in architecture.expert_keys:
            yield key, architecture.expert_count - len(drops.experts)


def _layers(
    settings: dict[str, Any], architecture: Architecture, drops: Drops
) -> Iterator[tuple[str, Any]]:
    before, gone = settings.get(LAYERS_KEY), set(drops.layers)
    yield LAYERS_KEY, layers_left(architecture, drops)
    for key, value in settings.items():
        if key in _LAYER_NUMBERS and _are_numbers(value):
            moved = renumbered(value, drops.layers)
            yield key, [moved[n] for n in value if n in moved]
        elif key in _FIRST_LAYERS and type(value) is int:
            yield key, value - bisect_left(drops.layers, value)
        elif isinstance(value, list) and len(value) == before and _A_VALUE_EACH.fullmatch(key):
            yield key, [item for n, item in enumerate(value) if n not in gone]


def _is_plain(change: ConfigChange) -> bool:
    """Whether a change can be told in canonical JSON, which knows no huge numbers."""
    try:
        rfc8785.dumps([change.before, change.after])
    except (rfc8785.CanonicalizationError, RecursionError):
        return False
    return True


def _are_numbers(value: object) -> bool:
    return isinstance(value, list) and all(type(item) is int for item in value)


def _periods(settings: dict[str, Any]) -> list[Check]:
    return [
        fault(
            "config",
            key,
            f"config.json places kinds of layers by {key} {settings[key]}, which would shift",
            "use replace: zero",
        )
        for key, instead in _PERIODS.items()
        if _counts(settings, key) and not isinstance(settings.get(instead or ""), list)
    ]


def _counts(settings: dict[str, Any], key: str) -> bool:
    """Whether a setting tells layers apart: every first layer is the same as all of them."""
    value, harmless = settings.get(key), 0 if key == "num_kv_shared_layers" else 1
    return type(value) is int and value > harmless


def _names(config: dict[str, Any], drops: Drops) -> list[Check]:
    """Settings that name single layers would mean others afterwards."""
    if not drops.layers:
        return []
    text = next((t for t in _texts(config) if _NAMES_A_LAYER.search(t)), None)
    if text is None:
        return []
    sentence = f"config.json names the layer of {text!r:.80}, which would be another"
    return [fault("config", "names", sentence, "use replace: zero")]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
