"""Whether anything withheld is in a release: as it is, or in disguise.

check    what is asked of a finished release, in order
report   what was found, what was compared, and what could not be looked into
"""
