"""The runner in C: packed weights, one call a step.

weights        a model's weights as the runner wants them
"""
