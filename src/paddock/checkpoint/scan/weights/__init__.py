"""The numbers in weights: whether they are numbers at all, and such as training makes.

judging   which tensors are told, and as what
extremes  the largest and smallest of a tensor, from its bits
"""
