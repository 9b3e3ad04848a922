"""A request made ready for the scheduler: checked, hashed, its grammar compiled, its adapter held.

All that costs time for one request is done here, on its caller's thread and not between steps.
"""

from __future__ import annotations

from itertools import count
from typing import NamedTuple

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.adapter_slots import AdapterSlots
from paddock.engine.checking import check_wishes, checked_prompt
from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.matching import Matcher, compile_grammar
from paddock.engine.options import EngineOptions
from paddock.engine.prefix_cache import PrefixChains
from paddock.engine.request import Request
from paddock.engine.sequence import Sequence


class Limits(NamedTuple):
    """What a request must fit."""

    config: LlamaConfig
    context: int  # tokens of prompt and output


class Intake:
    """Makes sequences of requests. Any thread."""

    def __init__(
        self, limits: Limits, options: EngineOptions, chains: PrefixChains, adapters: AdapterSlots
    ) -> None:
        self._limits = limits
        self._options = options
        self._chains = chains
        self._adapters = adapters
        self._arrivals = count(1)

    def sequence_of(self, request: Request) -> Sequence:
        """The request as a sequence that holds its adapter; raises UnknownAdapter, BadInput."""
        config, context = self._limits
        check_wishes(request, config)
        tokens = checked_prompt(request, config, context)
        matcher, stop_ids = self._compiled(request), request.stop_ids
        if matcher is not None and self._options.vocabulary is not None:
            stop_ids = stop_ids.union(self._options.vocabulary.eos_ids)
        adapter = None if request.adapter is None else self._adapters.use(request.adapter)
        # Nothing below can fail: the adapter is let go with the sequence.
        root = self._chains.root(0 if adapter is None else adapter.serial, request.cache_salt)
        chain: list[bytes] = []
        if self._options.prefix_cache:
            self._chains.extend(chain, tokens, root, len(tokens))
        return Sequence(
            request,
            arrival=next(self._arrivals),
            limit=min(request.max_tokens, context - len(tokens)),
            stop_ids=frozenset(t for t in stop_ids if 0 <= t < config.vocab_size),
            tokens=tokens,
            root=root,
            chain=chain,
            adapter=adapter,
            matcher=matcher,
        )

    def _compiled(self, request: Request) -> Matcher | None:
        if request.grammar is None:
            return None
        if self._options.vocabulary is None:
            raise BadGrammar("this engine follows no grammars")
        return compile_grammar(request.grammar, self._options.vocabulary)
