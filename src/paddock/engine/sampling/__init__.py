"""Logits to tokens: masks, bias, penalties, filters, the draw, and logarithms of chances.

sampler   the token of each row of a step
plain     one row after another in NumPy
kernel    one row after another with passes in C
edits     forbidden tokens, bias and penalties
philox    the numbers that decide draws: a function of seed, position and token
"""
