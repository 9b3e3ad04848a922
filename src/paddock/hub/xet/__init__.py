"""Xet: files as lists of chunks, chunks packed into xorbs, every name a hash of what it names.

hashes          the hashes, their text form, the merge tree
chunks          one chunk: compression schemes and bounds
xorbs           xorbs as they arrive (verified frame by frame) and as tables of chunks
shards          the message that registers files: parsed within bounds, nothing believed
layout          files as lists of terms, and which of them a range of bytes needs
records         the rows of xorbs and files
registration    a shard's claims, each recomputed before it counts
reading         a file's bytes, from its terms
views           xorbs that are nowhere stored: blobs cut into chunks as they are
reconstruction  the answer that tells a client which xorb ranges make up a file
access          what a Xet token allows
"""
