"""Bills of materials: what is in a release, by digest, and what it was made from.

"""
