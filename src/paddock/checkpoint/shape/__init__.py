"""What a Llama is, whatever file it is in.

config     its sizes, as ``config.json`` says them
layout     which tensors there are, by which names and in which order
published  the shapes that Meta published
"""
