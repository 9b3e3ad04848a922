"""Xet: large files as deduplicated chunks, in the form that current stock clients require."""
