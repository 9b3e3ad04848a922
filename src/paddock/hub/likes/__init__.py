"""Who likes which repository, since when.

tables  rows
likes   liked, unliked, listed, counted
"""
