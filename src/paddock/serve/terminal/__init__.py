"""One model for one person, in this process: what ``paddock chat`` and ``generate`` stand on.

opening       the model, without a server around it
continuing    a text continued
conversation  what was said so far, and how answers are made
answering     the next answer, within the context
commands      lines that begin with a slash
keeping       a conversation in a file
cleaning      text that no terminal takes for an order
errors        what can be wrong with a conversation of one's own
"""
