"""Which tensors, and which rows of fused ones, the rules about weights claim.

Pure: rules and an architecture in, claims and faults out. A rule that means nothing is a fault, and
so are two rules that claim the same numbers. Norms and routers of a layer belong to the layer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from paddock.release.evidence import Check
from paddock.release.spec.components import Replacement, WithholdRule
from paddock.release.withholding.architecture import Architecture
from paddock.release.withholding.tensor_glob import matching_names

HEAD = "lm_head.weight"
EMBEDDINGS = "embed_tokens.weight"
MAX_SHOWN = 3


class Claim(NamedTuple):
    """Some numbers that a rule keeps back."""

    item: str
    replace: Replacement
    seed: int = 0
    rows: tuple[int, ...] | None = None  # of the first axis; None: the whole tensor


@dataclass(slots=True)
class Claims:
    """Everything that is claimed, by the tensor's name, and what is wrong with the rules."""

    by_tensor: dict[str, list[Claim]] = field(default_factory=dict)
    faults: list[Check] = field(default_factory=list)

    def add(self, name: str, claim: Claim) -> None:
        """One more claim."""
        self.by_tensor.setdefault(name, []).append(claim)

    def dropped(self) -> set[str]:
        """The tensors that a rule drops whole."""
        return {
            name
            for name, claims in self.by_tensor.items()
            if any(claim.rows is None and claim.replace == "drop" for claim in claims)
        }


def fault(kind: str, about: str, sentence: str, hint: str | None = None) -> Check:
    """A rule that cannot be followed: the release is refused, and no waiver helps."""
    return Check(f"withholding.rule.{kind}:{about}", "withholding", "unmet", sentence, hint=hint)


def claim_tensors(architecture: Architecture, rules: Iterable[tuple[str, WithholdRule]]) -> Claims:
    """What the rules about tensors, layers and experts mean; each comes with its item's id."""
    claims = Claims()
    for item, rule in rules:
        if rule.match is not None:
            _claim_names(architecture, claims, item, rule)
        elif rule.experts is not None:
            _claim_experts(architecture, claims, item, rule)
        elif rule.layers is not None:
            _claim_layers(architecture, claims, item, rule)
    claims.faults += _overlaps(claims)
    claims.faults += _tied(architecture, claims)
    return claims


def first_few(names: Iterable[object]) -> str:
    """Some names for a sentence."""
    ordered = list(names)
    more = f" and {len(ordered) - MAX_SHOWN} more" if len(ordered) > MAX_SHOWN else ""
    return ", ".join(str(name) for name in ordered[:MAX_SHOWN]) + more


def _claim(item: str, rule: WithholdRule, rows: tuple[int, ...] | None = None) -> Claim:
    return Claim(item, rule.replace, rule.seed or 0, rows)


def _claim_names(architecture: Architecture, claims: Claims, item: str, rule: WithholdRule) -> None:
    pattern = rule.match or ""
    names = matching_names(pattern, architecture.tensors)
    for name in names:
        claims.add(name, _claim(item, rule))
    if names:
        return
    if architecture.is_tied and matching_names(pattern, (HEAD,)):
        claims.faults.append(_tied_fault(f"{pattern!r} names the head"))
        return
    claims.faults.append(
        fault(
            "unmatched",
            item,
            f"{pattern!r} matches no tensor of the checkpoint",
            "`paddock inspect` lists them; * stands for any text",
        )
    )


def _claim_layers(
    architecture: Architecture, claims: Claims, item: str, rule: WithholdRule
) -> None:
    for layer in rule.layers or ():
        for name in architecture.layers.get(layer, ()):
            claims.add(name, _claim(item, rule))
    missing = [layer for layer in rule.layers or () if layer not in architecture.layers]
    if missing:
        there = f"has {len(architecture.layers)}, counted from 0"
        sentence = f"the model has no layer {first_few(missing)}: it {there}"
        claims.faults.append(fault("unmatched", item, sentence))


def _claim_experts(
    architecture: Architecture, claims: Claims, item: str, rule: WithholdRule
) -> None:
    if not architecture.experts:
        sentence = "the model has no experts whose names are known"
        claims.faults.append(
            fault("unmatched", item, sentence, "name tensors with match, or layers")
        )
        return
    wanted = set(rule.layers) if rule.layers is not None else set(architecture.experts)
    if strangers := sorted(wanted - set(architecture.experts)):
        sentence = f"layer {first_few(strangers)} has no experts"
        claims.faults.append(fault("unmatched", item, sentence))
    for layer in sorted(wanted & set(architecture.experts)):
        _claim_experts_of(architecture, claims, item, rule, layer)


def _claim_experts_of(
    architecture: Architecture, claims: Claims, item: str, rule: WithholdRule, layer: int
) -> None:
    experts, wanted = architecture.experts[layer], rule.experts or ()
    count = architecture.expert_count
    if count is None or any(expert >= count for expert in wanted):
        sentence = f"layer {layer} has {count or 'an unknown number of'} experts, not {max(wanted)}"
        claims.faults.append(fault("unmatched", item, sentence, "experts are counted from 0"))
        return
    for expert in wanted:
        for name in experts.own.get(expert, ()):
            claims.add(name, _claim(item, rule))
        if experts.own and expert not in experts.own:
            sentence = f"layer {layer} has no expert {expert}"
            claims.faults.append(fault("unmatched", item, sentence))
    for name in experts.fused:
        if architecture.tensors[name].shape[:1] != (count,):
            sentence = f"the first axis of {name} does not count the {count} experts"
            claims.faults.append(fault("unmatched", item, sentence))
            continue
        claims.add(name, _claim(item, rule, tuple(wanted)))


def _overlaps(claims: Claims) -> list[Check]:
    """Two rules about the same numbers: one of them would be broken, or its promise doubled."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, several in claims.by_tensor.items():
        for index, one in enumerate(several):
            for other in several[index + 1 :]:
                rows = None if None in (one.rows, other.rows) else {*(one.rows or ())}
                if rows is None or rows & {*(other.rows or ())}:
                    found.setdefault((one.item, other.item), []).append(name)
    return [
        fault(
            "overlap",
            f"{one}+{other}",
            f"the rules {one} and {other} both mean {first_few(names)}",
            "let every tensor be meant by one rule",
        )
        for (one, other), names in found.items()
    ]


def _tied(architecture: Architecture, claims: Claims) -> list[Check]:
    """Tied embeddings are one matrix under two names: both stay, or none."""
    if not architecture.is_tied:
        return []
    heads = [name for name in architecture.tensors if name.endswith(HEAD)]
    embeddings = [name for name in architecture.tensors if name.endswith(EMBEDDINGS)]
    claimed = [name in claims.by_tensor for name in (*heads, *embeddings)]
    if not heads or all(claimed) or not any(claimed):
        return []
    which = next(name for name in (*heads, *embeddings) if name in claims.by_tensor)
    return [_tied_fault(f"{which} is withheld")]


def _tied_fault(what: str) -> Check:
    return fault(
        "tied",
        "embeddings",
        f"{what}, and head and embeddings are one matrix (tie_word_embeddings): "
        "the other would give it away",
        f"withhold both: match '*{EMBEDDINGS}' as well",
    )
