"""What dropping leaves behind: whole layers and whole experts go, the rest is renumbered.

Pure. A tensor alone cannot go, because the architecture needs it; a layer can, and an expert can
where every layer loses the same ones, because the configuration counts them once for all layers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from paddock.release.evidence import Check
from paddock.release.withholding.architecture import (
    CHOSEN_KEYS,
    LAYERS_KEY,
    Architecture,
    expert_moved,
    layer_of,
)
from paddock.release.withholding.tensor_rules import Claim, Claims, fault, first_few

_OPTIONAL = "rotary_emb.inv_freq"
_INSTEAD = "use replace: zero or reinitialise, or drop whole layers"


@dataclass(slots=True)
class Drops:
    """Which layers and experts go, and what is wrong with that."""

    layers: tuple[int, ...] = ()
    experts: tuple[int, ...] = ()
    faults: list[Check] = field(default_factory=list)


def judge_drops(architecture: Architecture, claims: Claims) -> Drops:
    """What the dropped tensors amount to; adds the routers' rows of dropped experts to claims."""
    dropped = claims.dropped()
    layers = tuple(n for n, names in architecture.layers.items() if dropped.issuperset(names))
    drops = Drops(layers)
    staying = {n: names for n, names in architecture.layers.items() if n not in layers}
    if architecture.layers and not staying:
        drops.faults.append(
            fault("everything", "layers", "every layer would be dropped, and no model be left")
        )
        return drops
    by_layer = _experts_gone(architecture, claims, dropped, layers)
    _judge_experts(architecture, claims, by_layer, drops)
    in_layers = {name for n in layers for name in architecture.layers[n]}
    of_experts = {
        name
        for n, gone in by_layer.items()
        for expert in gone
        for name in architecture.experts[n].own.get(expert, ())
    }
    needed = sorted(n for n in dropped - in_layers - of_experts if not n.endswith(_OPTIONAL))
    if needed:
        items = sorted({claim.item for name in needed for claim in claims.by_tensor[name]})
        sentence = f"the model needs {first_few(needed)}, and cannot be loaded without"
        drops.faults.append(fault("needed", "+".join(items), sentence, _INSTEAD))
    return drops


def new_names(architecture: Architecture, drops: Drops) -> dict[str, str]:
    """The name in the release of every tensor that is not dropped with its layer or expert."""
    layers = renumbered(architecture.layers, drops.layers)
    own = {
        name: expert
        for here in architecture.experts.values()
        for expert, names in here.own.items()
        for name in names
    }
    experts = renumbered(set(own.values()), drops.experts)
    found: dict[str, str] = {}
    for name in architecture.tensors:
        place, new = layer_of(name), name
        if place is not None:
            if place.layer not in layers or (name in own and own[name] not in experts):
                continue
            new = place.moved(layers[place.layer])
            new = expert_moved(new, experts[own[name]]) if name in own else new
        found[name] = new
    return found


def renumbered(numbers: Iterable[int], gone: Sequence[int]) -> dict[int, int]:
    """Every number that stays, and which it becomes; ``gone`` is sorted."""
    without = set(gone)
    return {n: n - bisect_left(gone, n) for n in numbers if n not in without}


def _experts_gone(
    architecture: Architecture, claims: Claims, dropped: set[str], layers: tuple[int, ...]
) -> dict[int, set[int]]:
    """The experts that each remaining layer loses."""
    gone: dict[int, set[int]] = {}
    for layer, experts in architecture.experts.items():
        if layer in layers:
            continue
        gone[layer] = {e for e, names in experts.own.items() if dropped.issuperset(names)}
        rows = [_rows_dropped(claims, name) for name in experts.fused]
        if rows:
            gone[layer] |= set.intersection(*rows)
    return gone


def _rows_dropped(claims: Claims, name: str) -> set[int]:
    return {
        row
        for claim in claims.by_tensor.get(name, ())
        if claim.replace == "drop"
        for row in claim.rows or ()
    }


def _judge_experts(
    architecture: Architecture, claims: Claims, by_layer: dict[int, set[int]], drops: Drops
) -> None:
    if not any(by_layer.values()):
        return
    most = max(by_layer.values(), key=len)
    uneven = [layer for layer, gone in by_layer.items() if gone != most]
    if uneven:
        sentence = (
            f"experts {first_few(sorted(most))} are dropped, but not from layer "
            f"{first_few(uneven)}: the configuration has one number of experts for all layers"
        )
        drops.faults.append(fault("experts", "uneven", sentence, "use replace: zero there"))
        return
    drops.experts = tuple(sorted(most))
    drops.faults += _too_few(architecture, len(most))
    for layer in by_layer:
        _cut_routers(architecture, claims, layer, drops)


def _too_few(architecture: Architecture, gone: int) -> list[Check]:
    """Whether the router can still choose."""
    settings, count = architecture.settings, architecture.expert_count
    if count is None or not architecture.expert_keys:
        return [fault("experts", "count", "config.json does not say how many experts there are")]
    chosen = max(
        (settings[key] for key in CHOSEN_KEYS if type(settings.get(key)) is int), default=1
    )
    if count - gone < max(chosen, 1):
        sentence = f"{count - gone} experts would be left, and every token is routed to {chosen}"
        return [fault("experts", "too_few", sentence, "use replace: zero")]
    groups = settings.get("n_group")
    if type(groups) is int and groups > 1:
        sentence = f"the experts are routed in {groups} groups of the same size (n_group)"
        return [fault("experts", "groups", sentence, "use replace: zero")]
    return []


def _cut_routers(architecture: Architecture, claims: Claims, layer: int, drops: Drops) -> None:
    """The rows of the dropped experts leave the router with them."""
    experts = architecture.experts[layer]
    for name in experts.router:
        if architecture.tensors[name].shape[:1] != (architecture.expert_count,):
            sentence = f"the first axis of the router {name} does not count the experts"
            drops.faults.append(fault("experts", "router", sentence, "use replace: zero"))
            continue
        if name in claims.by_tensor:
            items = "+".join(sorted({claim.item for claim in claims.by_tensor[name]}))
            sentence = f"{name} is withheld as it is, and loses rows with its experts"
            drops.faults.append(fault("overlap", items, sentence, "let one rule mean it"))
            continue
        for item in sorted({_item_of(claims, architecture, layer, e) for e in drops.experts}):
            rows = tuple(
                e for e in drops.experts if _item_of(claims, architecture, layer, e) == item
            )
            claims.add(name, Claim(item, "drop", 0, rows))
    if not experts.router:
        sentence = f"layer {layer} has experts, and no router whose name is known"
        drops.faults.append(fault("experts", "router", sentence, "use replace: zero"))


def _item_of(claims: Claims, architecture: Architecture, layer: int, expert: int) -> str:
    """The rule that drops an expert."""
    experts = architecture.experts[layer]
    if own := experts.own.get(expert):
        return claims.by_tensor[own[0]][0].item
    return next(
        claim.item
        for claim in claims.by_tensor[experts.fused[0]]
        if claim.replace == "drop" and expert in (claim.rows or ())
    )


def layers_left(architecture: Architecture, drops: Drops) -> int:
    """The number of layers that the configuration counts, after the drops."""
    counted = architecture.settings.get(LAYERS_KEY)
    before = counted if type(counted) is int else len(architecture.layers)
    return before - sum(layer < before for layer in drops.layers)
