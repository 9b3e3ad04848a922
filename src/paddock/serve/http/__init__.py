"""Around the routes: who calls, health, errors as OpenAI's clients know them.

callers  who sent a request, as FastAPI hands it to a handler
errors   failures as OpenAI's clients know them
health   whether the server lives, and its figures
"""
