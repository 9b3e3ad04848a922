"""vLLM as a backend: started by us, fronted by the same API, policy and limits.

loading  the loader of models for vLLM
process  one ``vllm serve``: started, watched, ended
leash    ends it when we are gone
backend  the engine's requests as vLLM's, and its answers as the engine's
wire     both in JSON
"""
