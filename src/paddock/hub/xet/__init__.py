"""Xet: files as lists of chunks, chunks packed into xorbs, every name a hash of what it names.

hashes          the hashes, their text form, the merge tree
lz4_frames      which LZ4 frames every client can read
chunks          one chunk: compression schemes and bounds
xorbs           xorbs as they arrive (verified frame by frame) and as tables of chunks
shards          the message that registers files: parsed within bounds, nothing believed
footers         what older clients append: nothing is taken from it, but it may not lie
layout          files as lists of terms, and which of them a range of bytes needs
records         the rows of xorbs and files
chunk_index     the sparse index: which xorbs hold a chunk
indexing        fills the index for xorbs of an older paddock
generations     which generation of the store clients remember
known           which chunks of which xorbs an account sent, or was told of
spans           which chunks of which xorbs a file is made of
readable        files that a token's bearer may read, found by what they are made of
own_terms       a file in other terms, for senders who do not know those that it has
variants        xorbs in the form in which somebody sent them who could not know them
naming          may the sender of a shard name these chunks?
chunk_answer    what a client is told when it asks who has a chunk
served_shards   shards that the hub itself sends
digesting       SHA-256 of files, several at once
proving         the terms of a file that a shard claims, proven from hashes alone
contributed     what is sent for pull requests counts less once files are made of it
registration    a shard's claims, each recomputed before it counts
reading         a file's bytes, from its terms
fetching        a range of a file as spans: what the kernel can send, and what must be unpacked
cutting         a file cut into the chunks that clients would make of it
packing         xorbs made here, of chunks that came as one blob
matching        which chunks of a file are somewhere already
moving          a file that was one blob, made of xorbs from now on
views           xorbs that are nowhere stored: blobs cut into chunks as they are
reconstruction  the answer that tells a client which xorb ranges make up a file
access          what a Xet token allows
revisions       the revision that a token was asked for, and whether it still stands
"""
