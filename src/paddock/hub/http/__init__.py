"""How requests are read and answers written; ``hub/api`` holds the routes themselves.

paths           addresses become values
queries         lists, flags and pages in a query
commit_body     the lines of a commit
receiving       a body, piece by piece
byte_ranges     what a Range header asks for
sending         a file's bytes and the headers that belong to them
counting        which requests are downloads
"""
