"""A memory keeps what was asked for last, within its size, and computes nothing twice."""

from __future__ import annotations

from paddock.hub.releases.remembering import Memory


def test_what_was_asked_for_last_is_kept_within_the_size() -> None:
    memory: Memory[str] = Memory(10, len)
    computed: list[str] = []

    def ask(key: str, size: int) -> str:
        return memory.get(key, lambda: computed.append(key) or "x" * size)  # type: ignore[func-returns-value]

    ask("a", 4), ask("b", 4), ask("a", 4)
    ask("c", 4)  # b goes: a was asked for since
    ask("a", 4), ask("c", 4), ask("b", 4)
    assert computed == ["a", "b", "c", "b"]
    assert len(ask("large", 11)) == 11
    ask("large", 11)
    assert computed[-2:] == ["large", "large"]  # larger than all: never kept
