"""Advisories: what those who hold a model should know, and do.

tables       rows
values       an advisory, and from which revision to which it holds
rows         found and listed
publishing   made of reports, changed, withdrawn
affected     which revisions an advisory is about
inherited    advisories on the models that a model was made of
recipients   who holds the model, and is told
osv          in the OSV format
"""
