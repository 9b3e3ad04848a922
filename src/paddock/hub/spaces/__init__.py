"""What is particular to spaces: their secrets, their variables, and that nothing runs them here.

tables    rows
settings  secrets and variables
stage     in what state a space is that is never run
"""
