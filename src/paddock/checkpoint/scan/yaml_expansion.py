"""How much a YAML text stands for once its aliases are followed: few lines may mean billions.

Counts from events; nothing is built.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_EXPANDED = 10_000_000  # values


@dataclass(slots=True)
class Expansion:
    """The values so far, with every alias counted as often as it is used."""

    sizes: dict[str, int] = field(default_factory=dict)  # of what has an anchor
    counts: list[int] = field(default_factory=lambda: [0])  # of the open collections
    anchors: list[str | None] = field(default_factory=list)

    def take(self, event: Any) -> bool:
        """Count an event; whether the text has become too large by it."""
        if isinstance(event, yaml.AliasEvent):
            self.counts[-1] += self.sizes.get(event.anchor or "", 1)
        elif isinstance(event, yaml.ScalarEvent):
            self.counts[-1] += 1
            if event.anchor:
                self.sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            self.counts.append(1)
            self.anchors.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            size, anchor = self.counts.pop(), self.anchors.pop()
            self.counts[-1] += size
            if anchor:
                self.sizes[anchor] = size
        return self.counts[-1] > MAX_EXPANDED
