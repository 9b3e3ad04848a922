"""Random requests and when they come and go; what a property of the engine is tried with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from paddock.engine.errors import AdapterSlotsFull, EngineStopped
from paddock.engine.grammar.kinds import Grammar
from paddock.engine.request import Request, Sampling
from tests.engine.driving import Driven, asking, check_counts

PREFIXES = [[1, 2, 3, 4] * 10, [7] * 33, [5, 6] * 24]
ADAPTERS = ("polite", "terse")
MANY_STEPS = 3000

options = st.fixed_dictionaries(
    {
        "blocks": st.integers(8, 40),
        "max_sequences": st.integers(1, 6),
        "max_step_tokens": st.integers(6, 80),
        "prefix_cache": st.booleans(),
        "prompt_lookup": st.booleans(),
        "max_proposals": st.integers(0, 6),
        "logits_bytes": st.integers(1, 3000),
    }
)


@st.composite
def requests(draw: st.DrawFn, id: str, forms: Sequence[Grammar]) -> Request:
    prompt = draw(st.sampled_from([[], *PREFIXES]))
    prompt = prompt[: draw(st.integers(0, 48))]
    prompt = prompt + draw(st.lists(st.integers(0, 23), min_size=1, max_size=40))
    kind = draw(st.sampled_from(["text", "text", "text", "score", "embed"]))
    more = {
        "user": draw(st.sampled_from("ab")),
        "cache_salt": draw(st.sampled_from(["", "", "salt"])),
        "adapter": draw(st.sampled_from([None, *ADAPTERS])),
    }
    if kind == "embed":
        return asking(id, prompt, 0, embed=True, **more)
    new = draw(st.integers(1, 40)) if kind == "text" else draw(st.integers(0, 3))
    sampling = Sampling(
        temperature=draw(st.sampled_from([0.0, 1.0, 3.0])),
        frequency_penalty=draw(st.sampled_from([0.0, 0.5])),
        seed=draw(st.integers(0, 3)),
    )
    return asking(
        id, prompt, new, sampling=sampling,
        stop_ids=frozenset(draw(st.sets(st.integers(0, 23), max_size=2))),
        min_tokens=draw(st.integers(0, min(new, 5))),
        logprobs=draw(st.sampled_from([None, 0, 2])),
        grammar=draw(st.sampled_from([None, *forms])),
        prompt_logprobs=1 if kind == "score" else None, **more,
    )  # fmt: skip


@dataclass
class Event:
    """Before which step a request comes, how many steps later it is given up, and what else is."""

    step: int
    request: Request
    patience: int | None
    replaced: str | None  # an adapter that is first loaded anew, with other numbers


@st.composite
def schedules(draw: st.DrawFn, forms: Sequence[Grammar] = ()) -> list[Event]:
    count = draw(st.integers(1, 10))
    events = [
        Event(
            draw(st.integers(0, 20)),
            draw(requests(f"r{number}", forms)),
            draw(st.sampled_from([None, None, None, 0, 1, 5])),
            draw(st.sampled_from([None, None, *ADAPTERS])),
        )
        for number in range(count)
    ]
    return sorted(events, key=lambda event: event.step)


def play(
    driven: Driven, events: list[Event], after_step: Callable[[int], None] = lambda _step: None
) -> dict[str, int]:
    """Have it all happen; the numbers of the adapter of each request that was taken."""
    numbers = {name: 11 + index for index, name in enumerate(ADAPTERS)}
    for name, number in numbers.items():
        driven.engine.put_adapter(name, number)
    taken: dict[str, int] = {}
    cancels: dict[int, list[str]] = {}
    step, left = 0, list(events)
    while left or driven.engine.stats().running or driven.engine.stats().waiting:
        while left and left[0].step <= step:
            event = left.pop(0)
            if event.replaced is not None:
                _replace(driven, numbers, event.replaced, 20 + len(left))
            try:
                driven.submit(event.request)
            except EngineStopped:
                continue
            taken[event.request.id] = numbers.get(event.request.adapter or "", 0)
            if event.patience is not None:
                cancels.setdefault(step + event.patience, []).append(event.request.id)
        for request_id in cancels.pop(step, []):
            driven.engine.cancel(request_id)
        driven.engine.step()
        check_counts(driven.engine)
        assert not driven.wrong
        assert driven.runner.largest_step <= driven.engine.options.max_step_tokens
        after_step(step)
        step += 1
        assert step < MANY_STEPS, "somebody starves"
    return taken


def _replace(driven: Driven, numbers: dict[str, int], name: str, number: int) -> None:
    try:
        driven.engine.put_adapter(name, number)
    except AdapterSlotsFull:
        return
    numbers[name] = number


def check_adapters_are_freed(driven: Driven) -> None:
    """No request uses one any more: what is not on offer is not in memory."""
    assert len(driven.runner.adapters) == len(ADAPTERS)
    for name in ADAPTERS:
        driven.engine.drop_adapter(name)
    assert not driven.runner.adapters
