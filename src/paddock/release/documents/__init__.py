"""What is written about a release.

content     all that a document may be made of
keys        the facts that documents ask for
measured    facts out of a checkpoint
declared    facts out of the author's own file
said        facts out of release.yaml itself
fact_rows   facts as rows of JSON, and back
collecting  one store out of everything that is known
card        the model card
"""
