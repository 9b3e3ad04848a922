"""Numbers between their types, and quantised blocks.

transcoding     any type as any other: what the rest of the checkpoint room calls
casts           plain numbers, in NumPy
small_blocks    Q8_0 and Q4_0, in NumPy
"""
