"""Loops that NumPy is too slow for, in C, each with a plain counterpart that has the same bits.

The C sources are in ``source``; ``hatch_build.py`` compiles them when paddock is installed. Without
a compiler nothing is missing but speed.

library         the compiled library, if there is one, and its functions
sources         what it is compiled from, and how
byte_groups     Xet's bytes grouped by four, with their plain counterpart
"""
