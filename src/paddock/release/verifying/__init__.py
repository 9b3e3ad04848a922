"""A release at the other end.

fetch         a revision brought here to be judged
pulling       a model's copy in the client's cache
verify        whether it is exactly what trusted keys signed, and current
whole         whether it lacks nothing but signatures
trust         what the reader trusts and asks for
trust_file    the same as a file says it
trust_folder  the same as a user fills it
signed        who signed it
keyless       which identity signed it
contents      the folder against what was signed
freshness     its update metadata against the time and what was seen
memory        the newest that was seen of each publisher
updates       where that is, and newer metadata
hub_updates   newer metadata and announced events, from a hub
advisories    what a hub advises about it
policy        what the reader asks for besides
events        what was announced of it later
findings      what is known so far
deciding      from findings to a verdict
verdict       the answer
"""
