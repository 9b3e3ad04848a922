"""How long prompt and answer may be together: as long as the model was made for, or less."""

from __future__ import annotations

from paddock.serve.errors import ContextTooLong


def agreed_context(wanted: int | None, own: int) -> int:
    """Tokens of context, of what the operator wants and what the model has.

    Raises ContextTooLong: what a model was not made for it answers with nonsense, and a shorter
    one than was asked for would surprise later.
    """
    if wanted is None:
        return own
    if wanted > own:
        raise ContextTooLong(
            f"a context of {wanted} tokens was asked for; the model's own is {own}",
            hint=f"ask for at most {own}, or leave --context out",
        )
    return wanted
