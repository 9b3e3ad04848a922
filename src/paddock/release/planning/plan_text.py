"""A plan in words, for a person who is about to say yes."""

from __future__ import annotations

from paddock.release.planning.plan import WRITTEN_BY_US, Plan

MAX_LISTED = 40


def render_plan(plan: Plan, key: str, hub_url: str) -> str:
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
    copied = [f"{file.path} ({file.size_bytes} bytes)" for file in plan.copied]
    lines += _section("copied", copied)
    lines += _section("converted", list(plan.model.produced) if plan.model.is_converted else [])
    lines += _section("written", list(WRITTEN_BY_US))
    lines += _section("left out", [f"{left.path}: {left.reason}" for left in plan.left_out])
    lines += [f"  warning: {warning}" for warning in plan.warnings]
    lines += [f"  blocked: {block}" for block in plan.blocks]
    return "\n".join(lines)


def _summary(plan: Plan) -> str:
    return f", {plan.model.summary}" if plan.model.summary else ""


def _conversion(plan: Plan) -> str:
    if plan.model.is_converted:
        return f"{plan.model.format} to safetensors in Hugging Face layout"
    if plan.spec.artifacts.shard_bytes is not None:
        return f"safetensors in shards of {plan.spec.artifacts.shard_bytes} bytes"
    return "none: the weights are released byte for byte"


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
