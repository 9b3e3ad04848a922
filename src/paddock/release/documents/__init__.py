"""What is written about a release.

content  all that a document may be made of
keys     the facts that documents ask for
card     the model card
attestations  in-toto statements about a release
"""
