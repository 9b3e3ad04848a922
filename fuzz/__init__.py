"""Mutated files for every reader of checkpoints: nothing but a refusal may come of them.

__main__      the command
targets       every reader, what it is given and what counts as honest
samples       valid weights to begin with
text_samples  valid tokenizers and configurations
mutation      what is changed in them
campaign      many inputs, in processes under limits, and a table of what came of them
guided        the same readers under atheris, guided by coverage
"""
