"""One model for one person, in this process: what ``paddock chat`` and ``generate`` stand on.

opening     the model, without a server around it
continuing  a text continued
cleaning    text that no terminal takes for an order
errors      what can be wrong with a conversation of one's own
"""
