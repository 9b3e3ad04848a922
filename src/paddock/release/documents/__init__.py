"""What is written about a release.

content     all that a document may be made of
keys        the facts that documents ask for
measured    facts out of a checkpoint
declared    facts out of the author's own file
said        facts out of release.yaml itself
fact_rows   facts as rows of JSON, and back
collecting  one store out of everything that is known
answers     what the files of answers say that docs names
form        a form: rows answered by facts, and what is missing
plain       a stranger's words as plain text in Markdown
attestations  in-toto statements about a release
eu          what the Union's AI Act asks
us          what California asks, and NIST's table of risks
croissant   descriptions of data sets
bom         bills of materials
card        the model card
"""
