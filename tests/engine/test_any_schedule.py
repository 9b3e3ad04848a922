"""Whatever arrives in whatever order, every request gets what it would get alone."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.request import Finish, Request, Sampling
from tests.engine.driving import Driven, asking, check_as_alone, check_counts, check_nothing_is_held
from tests.fakes.block_model import BlockModel

PREFIXES = [[1, 2, 3, 4] * 10, [7] * 33, [5, 6] * 24]
ADAPTERS = {None: 0, "polite": 11, "terse": 12}

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
def requests(draw: st.DrawFn, id: str) -> Request:
    prompt = draw(st.sampled_from([[], *PREFIXES]))
    prompt = prompt[: draw(st.integers(0, 48))]
    prompt = prompt + draw(st.lists(st.integers(0, 23), min_size=1, max_size=40))
    kind = draw(st.sampled_from(["text", "text", "text", "score", "embed"]))
    more = {
        "user": draw(st.sampled_from("ab")),
        "cache_salt": draw(st.sampled_from(["", "", "salt"])),
        "adapter": draw(st.sampled_from(list(ADAPTERS))),
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
        prompt_logprobs=1 if kind == "score" else None, **more,
    )  # fmt: skip


@dataclass
class Event:
    """Before which step a request comes, and how many steps later it is given up."""

    step: int
    request: Request
    patience: int | None


@st.composite
def schedules(draw: st.DrawFn) -> list[Event]:
    count = draw(st.integers(1, 10))
    return [
        Event(
            draw(st.integers(0, 20)),
            draw(requests(f"r{number}")),
            draw(st.sampled_from([None, None, None, 0, 1, 5])),
        )
        for number in range(count)
    ]


@settings(max_examples=120)
@given(options, schedules(), st.sampled_from([None, 1.0, 0.7]))
def test_every_request_gets_what_it_would_get_alone(
    chosen: dict[str, int], events: list[Event], agreement: float | None
) -> None:
    draft = None if agreement is None else BlockModel(agreement=agreement)
    driven = Driven(BlockModel(), draft, **chosen)
    for name, number in ADAPTERS.items():
        if name is not None:
            driven.engine.put_adapter(name, number)
    events.sort(key=lambda event: event.step)
    cancels: dict[int, list[str]] = {}
    step, left = 0, list(events)
    while left or driven.engine.stats().running or driven.engine.stats().waiting:
        while left and left[0].step <= step:
            event = left.pop(0)
            driven.submit(event.request)
            if event.patience is not None:
                cancels.setdefault(step + event.patience, []).append(event.request.id)
        for request_id in cancels.pop(step, []):
            driven.engine.cancel(request_id)
        driven.engine.step()
        check_counts(driven.engine)
        assert driven.runner.largest_step <= chosen["max_step_tokens"]
        step += 1
        assert step < 3000, "somebody starves"
    for event in events:
        answer = driven.answers[event.request.id]
        if answer.finish is Finish.CANCELLED:
            assert event.patience is not None
        else:
            check_as_alone(driven, event.request, ADAPTERS[event.request.adapter])
    check_nothing_is_held(driven.engine)
    assert driven.engine.stats().counters.failed_steps == 0
