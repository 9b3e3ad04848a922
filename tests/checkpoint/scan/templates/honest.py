"""Chat templates as published models have them, in our own words: every one must come out clean.

Each stands for a family: how it marks turns, calls tools, thinks, dates and insists on an order.
"""

from __future__ import annotations

CHATML = """{% for message in messages %}{% if loop.first and message['role'] != 'system' %}
{{- '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}
{{- '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>\n' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""

LLAMA_2 = """{% if messages[0]['role'] == 'system' %}
{%- set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}
{%- else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}
{%- for message in loop_messages %}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{- raise_exception('User and assistant must take turns.') }}{% endif %}
{%- if loop.index0 == 0 and system_message %}
{%- set content = '<<SYS>>\n' + system_message + '\n<</SYS>>\n\n' + message['content'] %}
{%- else %}{% set content = message['content'] %}{% endif %}
{%- if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
{%- elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}
{%- endfor %}"""

LLAMA_3 = """{{- bos_token }}{% for message in messages %}
{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message.content | trim }}
{{- '<|eot_id|>' }}{% endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"""

LLAMA_3_TOOLS = """{{- bos_token }}
{%- if custom_tools is defined %}{% set tools = custom_tools %}{% endif %}
{%- if not date_string is defined %}{% if strftime_now is defined %}
{%- set date_string = strftime_now('%d %b %Y') %}{% else %}
{%- set date_string = '26 Jul 2024' %}{% endif %}{% endif %}
{%- if not tools is defined %}{% set tools = none %}{% endif %}
{%- if messages[0]['role'] == 'system' %}{% set system_message = messages[0]['content'] | trim %}
{%- set messages = messages[1:] %}{% else %}{% set system_message = '' %}{% endif %}
{{- '<|start_header_id|>system<|end_header_id|>\n\n' }}
{%- if tools is not none %}{{- 'Environment: ipython\n' }}{% endif %}
{{- 'Cutting Knowledge Date: December 2023\nToday Date: ' + date_string + '\n\n' }}
{%- if tools is not none %}
{{- 'You have access to the following functions. To call a function, please respond with JSON for a function call.' }}
{{- 'Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.' }}
{{- 'Do not use variables.\n\n' }}
{%- for t in tools %}{{- t | tojson(indent=4) }}{{- '\n\n' }}{% endfor %}{% endif %}
{{- system_message }}{{- '<|eot_id|>' }}
{%- for message in messages %}
{%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}
{%- elif 'tool_calls' in message %}
{%- if not message.tool_calls | length == 1 %}{{- raise_exception('One tool-call at a time!') }}{% endif %}
{%- set tool_call = message.tool_calls[0].function %}
{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{{- '{"name": "' + tool_call.name + '", "parameters": ' }}{{- tool_call.arguments | tojson }}{{- '}<|eot_id|>' }}
{%- else %}{{- '<|start_header_id|>ipython<|end_header_id|>\n\n' }}
{%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}
{%- else %}{{- message.content }}{% endif %}{{- '<|eot_id|>' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"""

LLAMA_4 = """{{- bos_token }}{% for message in messages %}
{{- '<|header_start|>' + message['role'] + '<|header_end|>\n\n' }}
{%- if message['content'] is string %}{{- message['content'] }}{% else %}
{%- for content in message['content'] %}
{%- if content['type'] == 'image' %}{{- '<|image|>' }}
{%- elif content['type'] == 'text' %}{{- content['text'] | trim }}{% endif %}{% endfor %}{% endif %}
{{- '<|eot|>' }}{% endfor %}
{%- if add_generation_prompt %}{{- '<|header_start|>assistant<|header_end|>\n\n' }}{% endif %}"""

MISTRAL = """{%- set ns = namespace(index=0, system='') %}
{%- if messages[0]['role'] == 'system' %}{% set ns.system = messages[0]['content'] %}
{%- set messages = messages[1:] %}{% endif %}{{- bos_token }}
{%- for message in messages %}{% if message['role'] == 'user' %}
{%- if tools is defined and tools and loop.last %}{{- '[AVAILABLE_TOOLS]' + tools | tojson + '[/AVAILABLE_TOOLS]' }}{% endif %}
{{- '[INST] ' + (ns.system + '\n\n' if loop.last and ns.system else '') + (message['content'] if message['content'] is string else message['content'][0]['text']) + '[/INST]' }}
{%- elif message['role'] == 'assistant' and message.tool_calls is defined and message.tool_calls %}
{{- '[TOOL_CALLS] [' }}{% for call in message.tool_calls %}{{- call.function | tojson }}
{%- if call.id is not defined or call.id | length != 9 %}{{- raise_exception('Tool call ids have 9 characters.') }}{% endif %}
{%- if not loop.last %}, {% endif %}{% endfor %}{{- ']' + eos_token }}
{%- elif message['role'] == 'assistant' %}{{- ' ' + message['content'] + eos_token }}
{%- elif message['role'] == 'tool' %}{{- '[TOOL_RESULTS] {"content": ' + message.content | string + '}[/TOOL_RESULTS]' }}
{%- endif %}{% endfor %}"""

GEMMA = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system role') }}{% endif %}
{%- for message in messages %}{% if message['role'] == 'assistant' %}{% set role = 'model' %}
{%- else %}{% set role = message['role'] %}{% endif %}
{{- '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"""

PHI = """{% for message in messages %}{% if message['role'] == 'system' and 'tools' in message and message['tools'] is not none %}
{{- '<|' + message['role'] + '|>' + message['content'] + '<|tool|>' + message['tools'] + '<|/tool|><|end|>' }}
{%- else %}{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ eos_token }}{% endif %}"""

QWEN = """{%- if tools %}{{- '<|im_start|>system\n' }}
{%- if messages[0].role == 'system' %}{{- messages[0].content + '\n\n' }}{% endif %}
{{- '# Tools\n\nYou may call one or more functions to assist with the user query.\n\nThe signatures are within <tools></tools> XML tags:\n<tools>' }}
{%- for tool in tools %}{{- '\n' }}{{- tool | tojson }}{% endfor %}
{{- '\n</tools>\n\nFor each call, return a JSON object with name and arguments within <tool_call></tool_call> XML tags.<|im_end|>\n' }}
{%- elif messages[0].role == 'system' %}{{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}{% endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages | length - 1) %}
{%- for message in messages[::-1] %}{% set index = (messages | length - 1) - loop.index0 %}
{%- if ns.multi_step_tool and message.role == 'user' and message.content is string and not (message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
{%- set ns.multi_step_tool = false %}{% set ns.last_query_index = index %}{% endif %}{% endfor %}
{%- for message in messages %}{% set content = message.content if message.content is string else '' %}
{%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
{{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>\n' }}
{%- elif message.role == 'assistant' %}{% set reasoning = '' %}
{%- if message.reasoning_content is string %}{% set reasoning = message.reasoning_content %}
{%- elif '</think>' in content %}
{%- set reasoning = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
{%- set content = content.split('</think>')[-1].lstrip('\n') %}{% endif %}
{%- if loop.index0 > ns.last_query_index and reasoning %}
{{- '<|im_start|>assistant\n<think>\n' + reasoning.strip('\n') + '\n</think>\n\n' + content }}
{%- else %}{{- '<|im_start|>assistant\n' + content }}{% endif %}
{%- if message.tool_calls %}{% for tool_call in message.tool_calls %}
{%- if tool_call.function %}{% set tool_call = tool_call.function %}{% endif %}
{{- '<tool_call>\n{"name": "' + tool_call.name + '", "arguments": ' }}
{%- if tool_call.arguments is string %}{{- tool_call.arguments }}{% else %}{{- tool_call.arguments | tojson }}{% endif %}
{{- '}\n</tool_call>' }}{% endfor %}{% endif %}{{- '<|im_end|>\n' }}
{%- elif message.role == 'tool' %}{{- '<|im_start|>user\n<tool_response>\n' + content + '\n</tool_response><|im_end|>\n' }}
{%- endif %}{% endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}{% endif %}{% endif %}"""

DEEPSEEK = """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}
{%- set ns = namespace(is_first=false, system_prompt='') %}
{%- for message in messages %}{% if message['role'] == 'system' %}{% set ns.system_prompt = message['content'] %}{% endif %}{% endfor %}
{{- bos_token }}{{ ns.system_prompt }}
{%- for message in messages %}{% if message['role'] == 'user' %}{{ '<\uff5cUser\uff5c>' + (message['content'] | string) }}
{%- elif message['role'] == 'assistant' and message['content'] is not none %}{% set content = message['content'] %}
{%- if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}
{{- '<\uff5cAssistant\uff5c>' + content + '<\uff5cend\u2581of\u2581sentence\uff5c>' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<\uff5cAssistant\uff5c><think>\n' }}{% endif %}"""

ZEPHYR = """{% for message in messages %}{% if message['role'] == 'user' %}
{{- '<|user|>\n' + message['content'] + eos_token }}{% elif message['role'] == 'system' %}
{{- '<|system|>\n' + message['content'] + eos_token }}{% elif message['role'] == 'assistant' %}
{{- '<|assistant|>\n' + message['content'] + eos_token }}{% endif %}
{%- if loop.last and add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}{% endfor %}"""

COMMAND = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}
{%- set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}
{%- set system_message = 'You are a powerful conversational AI trained to help people. You are augmented by a number of tools, and your job is to use and consume the output of these tools to best help the user. You will see a conversation history between yourself and a user, ending with an utterance from the user.' %}{% endif %}
{{- '<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|># Safety Preamble\nThe instructions in this section override those in the task description and style guide sections. Do not answer questions that are harmful or immoral.\n' }}
{{- '# Task and Context\n' + system_message + '<|END_OF_TURN_TOKEN|>' }}
{%- for document in documents or [] %}{{- '\nDocument: ' ~ loop.index0 }}{% for key, value in document.items() %}{{- '\n' ~ key ~ ': ' ~ value }}{% endfor %}{% endfor %}
{%- for message in loop_messages %}{% if message['role'] == 'user' %}
{{- '<|START_OF_TURN_TOKEN|><|USER_TOKEN|>' + (message['content'] | string) + '<|END_OF_TURN_TOKEN|>' }}
{%- elif message['role'] == 'assistant' %}
{{- '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' + message['content'] + '<|END_OF_TURN_TOKEN|>' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}{% endif %}"""

HERMES = """{%- macro kind_of(spec) %}{% set names = {'string': 'str', 'number': 'float', 'integer': 'int', 'boolean': 'bool'} %}
{%- if spec.type in names %}{{- names[spec.type] }}{% elif spec.type == 'array' %}{{- 'list[' + kind_of(spec['items']) + ']' }}
{%- else %}{{- 'Any' }}{% endif %}{% endmacro %}{{- bos_token }}
{%- if tools %}{{- '<|im_start|>system\nYou are a function calling AI model. Functions:' }}
{%- for tool in tools %}{% if tool.function is defined %}{% set tool = tool.function %}{% endif %}
{{- '\n' + tool.name + '(' }}{% for name, spec in tool.parameters.properties.items() %}{{- name + ': ' + kind_of(spec) }}
{%- if not loop.last %}, {% endif %}{% endfor %}{{- ') - ' + tool.description }}{% endfor %}{{- '<|im_end|>\n' }}{% endif %}
{%- for message in messages %}{% if message.role in ['user', 'system', 'assistant'] %}
{{- '<|im_start|>' + message.role + '\n' + (message.content | string) + '<|im_end|>\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{% endif %}"""

SWITCHED = """{%- set ns = namespace(mode='on') %}{% for message in messages %}{% if message.role == 'system' %}
{%- if '/no_think' in message.content %}{% set ns.mode = 'off' %}{% elif '/think' in message.content %}{% set ns.mode = 'on' %}{% endif %}{% endif %}{% endfor %}
{%- for message in messages %}{{- '<|turn|>' ~ message.role ~ '\n' ~ message.content ~ '<|end|>' }}{% endfor %}
{%- if add_generation_prompt %}{{- '<|turn|>assistant\n' }}{% if ns.mode == 'off' %}{{- '<think></think>' }}{% endif %}{% endif %}"""

TRAINING = """{% for message in messages %}{% if message.role == 'assistant' %}
{%- generation %}{{ message.content + eos_token }}{% endgeneration %}{% else %}
{{- message.role | capitalize + ': ' + message.content + '\n' }}{% endif %}{% endfor %}"""

VISION = """{% set counted = namespace(images=0) %}{% for message in messages %}<|im_start|>{{ message['role'] }}
{% if message['content'] is string %}{{ message['content'] }}<|im_end|>
{% else %}{% for content in message['content'] %}
{%- if content['type'] == 'image' or 'image' in content or 'image_url' in content %}
{%- set counted.images = counted.images + 1 %}Picture {{ counted.images }}: <|vision_start|><|image_pad|><|vision_end|>
{%- elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>
{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

HONEST = {
    name.lower(): value
    for name, value in list(globals().items())
    if name.isupper() and isinstance(value, str)
}
