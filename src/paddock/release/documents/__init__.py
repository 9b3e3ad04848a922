"""What is written about a release.

content       all that a document may be made of
gathering     from files beside release.yaml to that content
write         all documents of a release
complete      whether they may go out
keys          the facts that documents ask for
measured      facts out of a checkpoint
declared      facts out of the author's own file
said          facts out of release.yaml itself
fact_rows     facts as rows of JSON, and back
collecting    one store out of everything that is known
evaluations   results, and what the author's words claim of them
placeholders  words that somebody meant to replace
model_card    README.md
mof           how open the release is, computed
changes       what changed since the release before
facts_file    every fact for programs
html          the same documents as pages of HTML
answers       what the files of answers say that docs names
form          a form: rows answered by facts, and what is missing
plain         a stranger's words as plain text in Markdown
attestations  in-toto statements about a release
eu            what the Union's AI Act asks
us            what California asks, and NIST's table of risks
croissant     descriptions of data sets
bom           bills of materials
regulators    which of these are made, and for whom
"""
