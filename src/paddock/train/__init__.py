"""Training: layers and models that learn to do what others do.

imitation     stand-ins for layers that are withheld
distillation  a model that learns to say what another says
influence     how much each layer does
streams       hidden states of whole texts, layer by layer
"""
