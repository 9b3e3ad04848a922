"""What can be wrong with asking for a model, before it sees a token."""

from __future__ import annotations

import math

from paddock.errors import NotFound, PaddockError, Refused, Unavailable


class ModelNotFound(NotFound):
    """No model of this name is served, or the caller may not know of it."""

    code = "model_not_found"


class UntrustedModel(Refused):
    """A model is not what was signed, or not signed by anyone who is trusted."""

    code = "untrusted_model"


class UnknownSigner(UntrustedModel):
    """A model is what was signed, by a key that nobody who runs it here decided to trust."""

    code = "unknown_signer"


class UnsignedModel(UntrustedModel):
    """A model is not signed, and only signed ones are run here."""

    code = "unsigned_model"


class ModelRejected(Refused):
    """A scan found what could hurt whoever loads the model."""

    code = "model_rejected"


class ModelUnavailable(Unavailable):
    """The model cannot be loaded now."""

    code = "model_unavailable"


class ContextTooLong(ModelUnavailable):
    """A longer context was asked for than the model has."""

    code = "context_too_long"
    exit_code = 2  # it is the command line that is wrong


class NoMemory(Unavailable):
    """There is too little memory for this model."""

    code = "no_memory_for_model"


class NoRoom(NoMemory):
    """Other models are in use and leave no room for this one."""

    code = "no_room_for_model"


class Draining(Unavailable):
    """The server is stopping and takes no new requests."""

    code = "draining"


def draining() -> Draining:
    """What to raise for whatever comes once the server is told to stop."""
    return Draining("the server is stopping", hint="try again, or another server")


class TooManyRequests(PaddockError):
    """A caller's limit, or that of a queue, is reached."""

    code = "too_many_requests"
    status = 429

    def __init__(
        self, message: str, *, retry_after_seconds: float, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = max(1, math.ceil(retry_after_seconds))
