"""What can be wrong with a request to an engine, or with the engine itself."""

from __future__ import annotations

from paddock.errors import BadInput, Unavailable


class BadSampling(BadInput):
    """A parameter of sampling is impossible."""

    code = "bad_sampling"


class BadGrammar(BadInput):
    """A schema, expression or choice cannot be followed."""

    code = "bad_grammar"


class UnknownAdapter(BadInput):
    """No adapter of this name is loaded."""

    code = "unknown_adapter"


class EngineFull(Unavailable):
    """More requests wait than the engine takes."""

    code = "engine_full"


class EngineStopped(Unavailable):
    """The engine is stopping or has failed."""

    code = "engine_stopped"
