"""What can be wrong with a request to an engine, or with the engine itself."""

from __future__ import annotations

from paddock.checkpoint.errors import BadCheckpoint
from paddock.errors import BadInput, Unavailable


class BadSampling(BadInput):
    """A parameter of sampling is impossible."""

    code = "bad_sampling"


class BadGrammar(BadInput):
    """A schema, expression or choice cannot be followed."""

    code = "bad_grammar"


class BadPrecision(BadInput):
    """No precision has this name."""

    code = "bad_precision"


class BadAdapter(BadCheckpoint):
    """A LoRA adapter is malformed, of a kind that is not run, or not of this model."""

    code = "bad_adapter"


class UnknownAdapter(BadInput):
    """No adapter of this name is loaded."""

    code = "unknown_adapter"


class NoRunner(Unavailable):
    """Nothing that is installed can run this model here."""

    code = "no_runner"


class LoadingStopped(Unavailable):
    """Whoever wanted the model wants it no more."""

    code = "loading_stopped"


class ModelTooLarge(Unavailable):
    """The machine has too little free memory for this model."""

    code = "model_too_large"


class EngineFull(Unavailable):
    """More requests wait, or follow different forms, than the engine takes."""

    code = "engine_full"


class EngineStopped(Unavailable):
    """The engine is stopping or has failed."""

    code = "engine_stopped"


class EngineOutOfMemory(Unavailable):
    """There is no room for the KV cache."""

    code = "engine_out_of_memory"


class AdapterSlotsFull(Unavailable):
    """As many adapters are loaded as the engine takes."""

    code = "adapter_slots_full"


class DuplicateRequest(BadInput):
    """A request of this id is in hand."""

    code = "duplicate_request"


class ImpossibleRequest(BadInput):
    """The parts of a request contradict each other, or go beyond the model."""

    code = "impossible_request"
