"""Who calls, limits, errors as OpenAI's clients know them.

callers  who sent a request, as FastAPI hands it to a handler
"""
