"""What a release keeps back, what stands in its place, and what proves it later.

withheld     the values: items, tensors, files and fields that are kept back
secret       the escrow secret that salts commitments, and its file
commitments  a manifest of withheld parts, its root, its salt, and the commitment to it
selection    what the rules mean in one checkpoint
apply        the open version of a checkpoint
"""
