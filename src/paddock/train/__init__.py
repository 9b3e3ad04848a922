"""Training: layers that learn to do what others do.

imitation    stand-ins for layers that are withheld
"""
