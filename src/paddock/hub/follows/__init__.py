"""Who follows whom.

tables   rows
follows  followed, unfollowed, listed, counted
"""
