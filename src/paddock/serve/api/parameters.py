"""Which parameters are known, which are harmless, and which are refused.

A harmless one changes nothing that a client could see go wrong. One that asks for what is not done
here is refused unless its value asks for nothing; so is one that nobody knows: a misspelt
``temperature`` must not be passed over in silence.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from paddock.errors import shown
from paddock.serve.api.errors import UnknownParameter, UnsupportedParameter

# Bookkeeping, caching and hints of OpenAI's and vLLM's clients.
_HARMLESS_NAMES: Final = """
store metadata service_tier safety_identifier prompt_cache_key prompt_cache_retention
prompt_cache_options reasoning_effort verbosity prediction priority request_id include_reasoning
spaces_between_special_tokens guided_decoding_backend guided_whitespace_pattern stream_interval
"""
HARMLESS: Final = frozenset(_HARMLESS_NAMES.split())
# By the values that ask for nothing; null never does.
REFUSED: Final[dict[str, tuple[Any, ...]]] = {
    "audio": (),
    "modalities": (["text"],),
    "web_search_options": (),
    "functions": ([],),
    "function_call": ("none",),
    "moderation": (),
    "chat_template": (),
    "documents": ([],),
    "bad_words": ([],),
    "use_beam_search": (False,),
    "length_penalty": (1, 1.0),
    "truncate_prompt_tokens": (),
    "guided_grammar": (),
    "kv_transfer_params": (),
    "vllm_xargs": ({},),
    "logits_processors": ([],),
    "mm_processor_kwargs": ({},),
    "media_io_kwargs": ({},),
    "skip_special_tokens": (True,),
    "return_tokens_as_token_ids": (False,),
    "return_token_ids": (False,),
    "background": (False,),
    "background_options": (),
    "conversation": (),
    "context_management": ([],),
    "prompt": (),
    "access_programs": ({},),
    "image": ({},),
    "suffix": ("",),
}
_HINTS: Final = {
    "functions": "use tools",
    "function_call": "use tool_choice",
    "suffix": "this model continues texts, it does not fill gaps",
    "guided_grammar": "use guided_json, guided_regex or guided_choice",
    "background": "ask with stream, or wait",
}


def check_names(body: dict[str, Any], model: type[BaseModel]) -> None:
    """Refuse what is not supported or not known; raises Unknown- and UnsupportedParameter."""
    for name, value in body.items():
        if name in model.model_fields or name in HARMLESS:
            continue
        if name not in REFUSED:
            raise UnknownParameter(f"there is no parameter {shown(name)} here", param=name[:120])
        if value is not None and not any(_equal(value, neutral) for neutral in REFUSED[name]):
            raise UnsupportedParameter(
                f"{name} is not supported here", param=name, hint=_HINTS.get(name)
            )


def _equal(value: Any, neutral: Any) -> bool:
    return isinstance(value, bool) == isinstance(neutral, bool) and bool(value == neutral)
