"""Meta's original layout.

folder          ``consolidated.NN.pth``, the ranks joined
params          ``params.json``
params_writing  the same, written
"""
