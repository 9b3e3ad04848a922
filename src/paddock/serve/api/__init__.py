"""OpenAI's routes and their wire shapes, with the extensions that users of vLLM know.

app                  the application, put together once
models               which models there are
chat                 POST /v1/chat/completions
chat_body            what may be asked of it
chat_shapes          its answers, and the chunks of a stream
completions          POST /v1/completions
completion_body      what may be asked of it
completion_shapes    its answers, and the chunks of a stream
embeddings           POST /v1/embeddings
responses            POST /v1/responses, and what was kept
response_answer      one response, whole or in events
response_body        what may be asked of it
response_items       its input items as messages, its output as items
response_events      its stream, event by event
response_store       answers that are kept for a while
tokens               POST /tokenize and /detokenize
generation_fields    what all that generate have in common
forms                forms that an output is held to
tool_fields          tools and the choice among them, as clients write them
parameters           which parameters are known, harmless or refused
answering            whole, or in events
reading              a body becomes a checked value
event_stream         server-sent events, and clients that leave
heads                what an answer begins with, whole or in chunks
usage                how many tokens were read and written
errors               what can be wrong with a request's body
"""
