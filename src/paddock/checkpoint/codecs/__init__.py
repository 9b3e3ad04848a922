"""Numbers between their types, and quantised blocks.

``transcoding`` is what the rest of the checkpoint room calls. It uses the compiled kernels
(``paddock.kernels``); the other files are their plain counterparts in NumPy, with the same bits.

transcoding     any type as any other
casts           plain numbers
small_blocks    Q8_0 and Q4_0
k_layout        Q4_K, Q5_K and Q6_K as bytes
minima_search   Q4_K and Q5_K: scales and minima of sub-blocks, by least squares
minima_blocks   Q4_K and Q5_K, whole
signed_blocks   Q6_K, whole
"""
