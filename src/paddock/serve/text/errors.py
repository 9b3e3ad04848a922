"""What can be wrong with a request in text, or with its answer."""

from __future__ import annotations

from paddock.errors import BadInput, PaddockError, Unavailable


class PromptTooLong(BadInput):
    """The prompt leaves no room for an answer in the model's context."""

    code = "context_length_exceeded"


class NoChatTemplate(BadInput):
    """The model was not trained for conversations."""

    code = "no_chat_template"


class NoGrammars(BadInput):
    """This model's output cannot be held to a form."""

    code = "no_grammars_here"


class BadTools(BadInput):
    """The tools, or the choice among them, cannot be."""

    code = "bad_tools"


class BadConversation(BadInput):
    """A message of the conversation cannot be."""

    code = "bad_conversation"


class BadDimensions(BadInput):
    """An embedding of this model cannot have so many dimensions."""

    code = "bad_dimensions"


class TextRefused(BadInput):
    """The use policy refuses a text that there is no answer to put the refusal into."""

    code = "content_filter"


class GenerationFailed(PaddockError):
    """The model gave no number, or the engine failed."""

    code = "generation_failed"


class AnswerCutOff(Unavailable):
    """The answer ended early: its client does not read, or the server stops."""

    code = "answer_cut_off"
