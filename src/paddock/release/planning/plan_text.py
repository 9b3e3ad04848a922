"""A plan in words, for a person who is about to say yes: what happens, part by part, and what not.

Pure. Conditions that are met are counted; every other one is a row with its id, so that a waiver or
a search can name it.
"""

from __future__ import annotations

from collections.abc import Sequence

from paddock.release.evidence import GROUPS, Check
from paddock.release.files.formats import role_of
from paddock.release.planning.foreseeing import Foreseen
from paddock.release.planning.plan import Plan
from paddock.release.spec.components import Component

MAX_LISTED = 40


def render_plan(plan: Plan, key: str, hub_url: str, foreseen: Foreseen) -> str:
    """What would happen, in order, and what forbids it."""
    spec = plan.spec
    lines = [
        f"{spec.metadata.name} {spec.metadata.version}",
        f"  source      {plan.source} ({plan.model.format}{_summary(plan)})",
        f"  conversion  {_conversion(plan)}",
        f"  licence     {spec.licenses.distribution}",
        f"  access      {_access(plan)}",
        f"  signed by   {key}",
    ]
    lines += [f"  publish to  {where}" for where in _destinations(plan, hub_url)]
    lines += _outputs(plan)
    lines += _components(plan)
    made = {*plan.model.produced, *plan.written}
    copied = [f"{f.path} ({f.size_bytes} bytes)" for f in plan.copied if f.path not in made]
    lines += _section("copied", copied)
    lines += _section("converted", list(plan.model.produced))
    lines += _section("written", list(plan.written))
    lines += _section("left out", [f"{left.path}: {left.reason}" for left in plan.left_out])
    lines += ["  conditions:", *(f"    {line}" for line in render_checks(plan.checks))]
    if foreseen.checks:
        lines += ["  gate, signatures and places, as things are now:"]
        lines += [f"    {line}" for line in render_checks(foreseen.checks)]
    return "\n".join(lines)


def render_checks(checks: Sequence[Check]) -> list[str]:
    """Conditions as the rows of a table: the met ones counted by group, the others said."""
    met = [c for c in checks if c.status == "met"]
    rows: list[tuple[str, str, str]] = [
        ("met", group, f"{count} condition{'' if count == 1 else 's'}")
        for group in GROUPS
        if (count := sum(c.group == group for c in met))
    ]
    words = {"unmet": "blocked", "undecided": "blocked", "waived": "waived", "warned": "warning"}
    others = sorted(
        (c for c in checks if c.status != "met"), key=lambda c: (c.blocks, GROUPS.index(c.group))
    )
    for check in others:
        rows.append((words[check.status], check.id, check.sentence))
        rows += [("", "", f"shown by {e.what}: {e.quote}") for e in check.evidence if e.quote]
        rows += [("", "", f"hint: {check.hint}")] if check.hint and check.blocks else []
    return table(rows)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows in aligned columns; the last column is as long as it is."""
    widths = [min(48, max(map(len, column))) for column in zip(*rows, strict=True)][:-1]
    return [
        "  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    ]


def _summary(plan: Plan) -> str:
    return f", {plan.model.summary}" if plan.model.summary else ""


def _conversion(plan: Plan) -> str:
    artifacts = plan.spec.artifacts
    changes = [step.do.replace("_", " ") for step in artifacts.derive]
    changes += [f"{len(plan.withheld.items)} parts withheld"] if plan.withheld.items else []
    if changes:
        return f"the open version: {', '.join(changes)}"
    if plan.model.is_converted:
        return f"{plan.model.format} to safetensors in Hugging Face layout"
    if artifacts.shard_bytes is not None:
        return f"safetensors in shards of {artifacts.shard_bytes} bytes"
    return "none: the weights are released byte for byte"


def _outputs(plan: Plan) -> list[str]:
    rows = [
        (out.id or out.format, out.format, out.quant or out.dtype or "as the source", _bound(out))
        for out in plan.spec.artifacts.outputs
    ]
    return ["  outputs:", *(f"    {line}" for line in table(rows))] if rows else []


def _bound(output: object) -> str:
    max_kl = getattr(output, "max_kl", None)
    return "" if max_kl is None else f"at most {max_kl} nats from the source"


def _components(plan: Plan) -> list[str]:
    rows, absent = [], list[str]()
    for part in plan.spec.components:
        if part.access == "not_produced":
            absent.append(part.name)
            continue
        files = _files_of(part, plan)
        kept = f"withholds {len(part.withhold)}" if part.withhold else part.reason or ""
        rows.append(
            (
                part.name,
                part.access,
                f"{files} file{'' if files == 1 else 's'}",
                part.license or "",
                kept,
            )
        )
    lines = ["  components:", *(f"    {line}" for line in table(rows))] if rows else []
    return [*lines, f"  not made:   {', '.join(absent)}"] if absent else lines


def _files_of(part: Component, plan: Plan) -> int:
    """How many files of the release the component claims: copied, converted or written."""
    leaving = {*(file.path for file in plan.copied), *plan.model.produced, *plan.written}
    return sum(plan.component_of(path, role_of(path)) == part.name for path in leaving)


def _access(plan: Plan) -> str:
    access = plan.spec.access
    if access.is_private:
        return f"{access.stage}: private"
    return access.stage if access.mechanism == "none" else f"{access.stage}: {access.mechanism}"


def _destinations(plan: Plan, hub_url: str) -> list[str]:
    return [
        f"{there.place(hub_url)}, version {plan.spec.metadata.version}"
        for there in plan.spec.publish
    ] or ["nowhere yet: name a destination with --to NAMESPACE/NAME or under publish"]


def _section(title: str, rows: list[str]) -> list[str]:
    if not rows:
        return []
    shown = [f"    {row}" for row in rows[:MAX_LISTED]]
    more = [f"    and {len(rows) - MAX_LISTED} more"] if len(rows) > MAX_LISTED else []
    return [f"  {title}:", *shown, *more]
