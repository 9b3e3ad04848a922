"""What a released repository says of itself: read from its files, bounded, and believed by nobody.

The files of a release are its uploader's claims. A hub shows them as claims, says which key signed
them, and does not judge: whether a key is trusted is decided where a model is used.

fields      values of strangers' JSON, one by one: of a known kind and size, or absent
values      a release as values
results     results of evaluations as values
statement   release.json, read into them
gate_file   gate/decision.json, read into them
result_files  results that cards and .eval_results name
reading     the same at a revision of a repository, remembered
remembering  what was read, by the ids of the files that it was read from
signers     whose signatures over a release are right
tables      rows: which repository has which release at main, by whom, from what
requests    asking for a look at main
indexing    the look, and those that an older hub never took
keys        where else a key signed
"""
