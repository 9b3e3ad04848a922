"""Codes of chat templates."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_R, _Q = Level.REJECT, Level.QUARANTINE

TEMPLATES: dict[str, Code] = {
    "template_escape": Code(
        _R,
        "a chat template reaches for the insides of the program that renders it",
        "do not use it; take the template of the model's own maker",
    ),
    "template_trigger": Code(
        _R,
        "a chat template adds text of its own when a message holds certain words",
        "do not use it; take the template of the model's own maker",
    ),
    "template_too_costly": Code(
        _R,
        "a chat template is made to take endless time or memory",
        "do not use it; take the template of the model's own maker",
    ),
    "template_condition": Code(
        _Q,
        "a chat template looks for words or lengths that are no part of a format",
        "have a person read the line that is named, or remove it",
    ),
    "template_date": Code(
        _Q,
        "a chat template does something else on other days",
        "have a person read the line that is named; writing the date alone is fine",
    ),
    "template_url": Code(
        _Q, "a chat template writes a web address into prompts", "remove the address"
    ),
    "template_instruction": Code(
        _Q,
        "a chat template tells the model to do what people would not agree to",
        "have a person read the sentence that is named, or remove it",
    ),
    "template_encoded": Code(
        _Q, "a chat template holds a long text that cannot be read", "remove it, or spell it out"
    ),
    "template_unreadable": Code(
        _Q, "a chat template is not valid Jinja, so nothing is known of it", "repair or remove it"
    ),
    "template_unrendered": Code(
        _Q,
        "a chat template uses what no published one needs, so it could not be tried",
        "write it with if, for, set, macros and the common filters",
    ),
    "template_differs": Code(
        _Q,
        "two copies of a model's chat template differ, and programs differ in which they take",
        "keep one, or make them the same",
    ),
    "hidden_characters": Code(
        _Q,
        "a text that programs act on holds characters that nobody sees",
        "write it without invisible and reordering characters",
    ),
}
