"""OpenAI's API over engines: which models, for whom, under which policy.

api     the routes and their wire shapes
http    who calls, limits, errors as OpenAI's clients know them
policy  the release's use policy, before and after the model
text    prompts and conversations in text, over an engine that knows tokens
"""
