"""What could hurt whoever loads a file. Reads with bounded readers; nothing is ever executed.

report     reasons, each with a code, a place and what to do; one verdict
codes      every code, how bad it is, and what to do about it
kinds      what a file can be
entries    a file to scan
limits     how much a scan may take
looking    what a check gets of a file
identify   what a file is, by its bytes
scanning   every check of every file
isolation  the same in a process that is bounded
content    checks of what files say
"""
