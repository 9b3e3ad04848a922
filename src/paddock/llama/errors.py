"""What can be wrong with a prompt, whoever runs the model; needs no torch."""

from __future__ import annotations

from paddock.errors import BadInput


class ContextTooShort(BadInput):
    """The prompt and what should follow do not fit the model's context."""

    code = "context_too_short"


class EmptyPrompt(BadInput):
    """There is nothing to begin from."""

    code = "empty_prompt"


class TokenOutOfVocabulary(BadInput):
    """A token id is not in the model's vocabulary."""

    code = "token_out_of_vocabulary"
