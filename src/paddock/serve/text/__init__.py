"""Text over an engine that knows tokens: prompts and conversations in, pieces of text out.

pieces        what is asked for in text, and what comes back
prompts       texts to tokens, within the model's context
messages      as clients write them, as a template reads them
generation    tokens to pieces of text, for several choices at once
completing    raw prompts to their continuations
visible       the text of one choice that may be shown: whole characters, no part of a stop string
stopping      stop strings, across the borders of tokens
logprobs      log-probabilities with their tokens' text and bytes
chat          a conversation to answers, tool calls and refusals
shortening    conversations without their oldest messages
tools         tools, and which of them may or must be called
tool_calls    calls in what a model writes, as it writes them
embedding     a text as a vector
errors        what can be wrong with a request in text
"""
