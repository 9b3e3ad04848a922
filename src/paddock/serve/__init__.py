"""OpenAI's API over engines: which models, for whom, under which policy.

served   a loaded model, as whoever answers a request needs it
serving  the models of one server: which there are, which are loaded
backend  what serves the tokens of one model
bridge   from the engine's thread to the event loop
callers  who calls, and what they may use
errors   what can be wrong with asking for a model
api      the routes and their wire shapes
http     who calls, limits, errors as OpenAI's clients know them
policy   the release's use policy, before and after the model
text     prompts and conversations in text, over an engine that knows tokens
"""
