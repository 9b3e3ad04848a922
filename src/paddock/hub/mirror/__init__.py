"""Repositories of another hub, pulled through on demand and kept.

tables          rows
policy          which repositories may be mirrored, and how open the mirror is
upstream        the other hub, over the network
following       the rows of a mirror: made, and brought up to what the other hub has
pulling         what a request for a repository that is not here sets in motion
mirror          what one server remembers of the other hub
cleaning        parts that nobody asked for again
growing         a large file that is read while it still arrives
"""
