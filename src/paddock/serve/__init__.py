"""OpenAI's API over engines: which models, for whom, under which policy.

serving   the models of one server, as whoever answers a request gets at them
served    a loaded model, as whoever answers a request needs it
models    the models behind the names: where their files come from, which are in memory
backend   what serves the tokens of one model
guard     what a use policy offers to whoever answers with a model
bridge    from the engine's thread to the event loop
metered   a backend whose requests are counted
metrics   the figures of serving, for Prometheus
callers   who calls, and what they may use
gates     who gets in: anybody, those in a file, a hub's users
limiter   how much each caller may ask for
errors    what can be wrong with asking for a model
server    the process that serves
starting  a server as its operator wants it
api       the application: the routes and their wire shapes
http      who calls, health, errors as OpenAI's clients know them
policy    the release's use policy, before and after the model
terminal  one model for one person, in this process
text      prompts and conversations in text, over an engine that knows tokens
vllm      vLLM as a backend
"""
