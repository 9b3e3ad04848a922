"""Loops that NumPy is too slow for, in C, and what the engine is made of.

``hatch_build.py`` compiles two libraries when paddock is installed. Those in ``source`` each have a
plain counterpart with the same bits; the engine's in ``step`` have one in PyTorch, as near as its
sums come. Without a compiler nothing is missing but speed.

library         the compiled loops of ``source``, if they are there
step_library    the compiled products of ``step``, if they are there
sources         what they are compiled from, and how
byte_groups     Xet's bytes grouped by four, with their plain counterpart
gear            where Xet's clients cut a file, with its plain counterpart
lz4_copies      whether every decoder reads a block of LZ4 alike, with its plain counterpart
"""
