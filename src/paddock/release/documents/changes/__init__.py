"""What changed since the release that this one supersedes.

earlier     the release before, as its signed manifest tells it
comparing   the differences, as values
difference  whether two results differ by more than chance
page        the same in words
"""
