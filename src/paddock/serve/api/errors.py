"""What can be wrong with a request's body; ``param`` is the place, as OpenAI's clients show it."""

from __future__ import annotations

from paddock.errors import BadInput, NotFound


class BadBody(BadInput):
    """The body is not JSON, or absurd JSON."""

    code = "bad_body"


class BadParameter(BadInput):
    """A parameter has an impossible value."""

    code = "invalid_value"

    def __init__(self, message: str, *, param: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.param = param


class UnknownParameter(BadParameter):
    """Nobody knows this parameter."""

    code = "unknown_parameter"


class UnsupportedParameter(BadParameter):
    """What this parameter asks for is not done here, and leaving it out would change the answer."""

    code = "unsupported_parameter"


class ResponseNotFound(NotFound):
    """No answer of this id is kept, or it belongs to somebody else."""

    code = "response_not_found"
