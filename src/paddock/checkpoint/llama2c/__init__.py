"""llama2.c's ``.bin`` checkpoints.

legacy_float  version 0: float32 behind seven numbers
"""
