"""What California asks of a model's maker, and NIST's table of risks of generative AI.

Facts for the person who publishes them: nothing here says that a duty is met.

ab2013  the page on training data (California, AB 2013)
sb53    the transparency page of a frontier model (California, SB 53)
risks   the risks of generative AI (NIST AI 600-1), each with what was done about it
"""
