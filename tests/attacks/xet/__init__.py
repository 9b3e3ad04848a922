"""Hostile xorbs and shards, each kind with a name and the reason for which it must be refused.

Made by code when a test runs, from the reference's words alone: nothing here is shared with the
server. A case says what is sent and what the refusal must say; who sends it is the test's business.

case           what a case is, and what the sender has stored before
lz4_bytes      LZ4 frames with every field in the attacker's hand
frames         one chunk: its header, its lengths, its scheme
payloads       one chunk: what is in its LZ4 frame, bombs included
whole_xorbs    xorbs as a whole: names, order, ends, footers, other formats
shard_layout   shards that cannot be read
footers        honest footers, to be made lying
file_claims    shards that say of a file what is not so
xorb_claims    shards that say of a xorb what is not so, and shards with a lying footer
everything     all of them, in order
"""
