from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paddock.checkpoint.chat_template.template import Template
from paddock.engine.grammar.kinds import JsonSchema
from paddock.engine.grammar.matching import compile_grammar
from paddock.llama.chat import ChatFormat
from paddock.llama.tokenizer import StreamDecoder, Tokenizer
from paddock.serve.text.chat import ChatRequest, prepare
from paddock.serve.text.pieces import Wanted
from paddock.serve.text.tools import Must, Tool, Tools, call_grammar
from tests.fakes.scripted_model import scripted

# As Llama 3.1's own: arguments are an object, and results have a role of their own.
KNOWS_TOOLS = """\
{%- for tool in tools or [] %}[tool {{ tool.function | tojson }}]{% endfor %}
{%- for m in messages %}[{{ m.role }}]
{%- if m.tool_calls %}{{ m.tool_calls[0].function.arguments | tojson }}
{%- else %}{{ m.content }}{% endif %}{% endfor %}"""
CITY: Any = {
    "type": "object",
    "$defs": {"city": {"enum": ["Paris", "Rome"]}},
    "properties": {"city": {"$ref": "#/$defs/city"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOLS = Tools((Tool("weather", "how it is outside", CITY), Tool("time")))
CALLED: Any = [
    {
        "role": "user",
        "content": [{"type": "text", "text": "how"}, {"type": "text", "text": "is it?"}],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "1", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "1", "content": "sunny <|eot_id|>"},
]


def prompt_of(request: ChatRequest, template: str | None = None) -> str:
    served, _model = scripted()
    assert served.chat is not None
    if template is not None:
        served = replace(served, chat=ChatFormat(Template(template), "", ""))
    ids = asyncio.run(prepare(served, request)).prompt
    return served.tokenizer.decode(ids, control_tokens=True)


def test_a_template_that_knows_tools_gets_them_as_it_was_trained() -> None:
    text = prompt_of(ChatRequest("c", tuple(CALLED), Wanted(), TOOLS), KNOWS_TOOLS)
    assert text.startswith('[tool {"name": "weather"')
    assert text.endswith('[user]how\nis it?[assistant]{"city": "Paris"}[tool]sunny <|eot_id|>')


def test_one_that_knows_none_gets_them_in_the_system_text() -> None:
    system: Any = {"role": "system", "content": "Be brief."}
    text = prompt_of(ChatRequest("c", (system, *CALLED), Wanted(), TOOLS))
    assert "Be brief.\n\nYou can call these functions" in text
    assert '{"name": "weather", "parameters": {"city": "Paris"}}<|eot_id|>' in text
    assert "<|start_header_id|>ipython<|end_header_id|>\n\nsunny <|eot_id|><|eot_id|>" in text
    assert text.count("system<|end_header_id|>") == 1


@pytest.mark.parametrize(
    ("text", "is_call"),
    [
        ('{"name": "weather", "parameters": {"city": "Rome"}}', True),
        ('[{"name": "weather", "parameters": {"city": "Rome"}}]', True),
        ('{"answer": 5}', True),
        ('{"name": "weather", "parameters": {"city": "Oslo"}}', False),
        ('{"name": "other", "parameters": {}}', False),
    ],
)
def test_the_form_of_calls_keeps_every_functions_schema(text: str, is_call: bool) -> None:
    served, _model = scripted()
    assert served.vocabulary is not None
    answer = {
        "$defs": {"number": {"type": "integer"}},
        "type": "object",
        "properties": {"answer": {"$ref": "#/$defs/number"}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    tools = replace(TOOLS, is_parallel=True, must=Must.AUTO)
    form = call_grammar(tools, JsonSchema(json.dumps(answer)))
    matcher = compile_grammar(form, served.vocabulary)
    taken = all(matcher.accept(token_id) for token_id in served.tokenizer.encode(text))
    assert (taken and matcher.is_complete()) is is_call


@pytest.mark.parametrize("name", ["llama2", "llama3"])
def test_the_bytes_of_every_tokenizer_add_up_to_its_text(shared_data: Path, name: str) -> None:
    tokenizer = Tokenizer.load(shared_data / "tokenizers" / name / "tokenizer.model")
    text = " naïve café 日本語 🦙🏽\n\tindented  twice \x00 end"
    ids = tokenizer.encode(text)
    spelled = b"".join(tokenizer.spelled(token_id) for token_id in ids).decode()
    assert spelled.lstrip(" ") == text.lstrip(" ")  # Llama 2's puts one more before the text
    before = tokenizer.encode("before")
    decoder = StreamDecoder(tokenizer, before)
    streamed = "".join(map(decoder.feed, ids)) + decoder.finish()
    assert streamed == b"".join(map(tokenizer.spelled, ids)).decode()
