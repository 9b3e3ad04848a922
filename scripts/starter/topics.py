"""Everything that customers ask about the shop as a whole; the order fixes the random choices."""

from __future__ import annotations

from starter.topics_buying import BUYING
from starter.topics_talking import TALKING
from starter.topics_visiting import VISITING

TOPICS = VISITING | BUYING | TALKING
