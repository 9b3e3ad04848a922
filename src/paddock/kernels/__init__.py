"""Loops that NumPy is too slow for, in C, each with a plain counterpart where it is used."""
