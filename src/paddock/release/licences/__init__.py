"""Licences: what they ask of whoever passes a model on.

judging         judges a release by its terms and those that it inherited
judgement       what the terms of a release come to, as values
material        everything that licences are judged by, as values
terms           the terms of one licence as values
table           the rows of table/*.toml, found by any name of a licence
origins         where a model comes from, and which terms reach it from there
texts           which licence a text is, word by word
text_checks     whether the texts that must be there are
duty_checks     notices, badges, names, changed files, clauses for the next user
conflicts       terms that cannot hold together, with both quoted
questions       what only a person can answer
declaration     the statement that a person signs about licences
declaring       a person signs the answers of a release file
parent_checks   parents that were measured, declared or not
parent_release  a parent that is a signed release
local_parents   parents that lie beside a release, read and compared
likeness        how like two local checkpoints are
looking         what is read around a release
inside          what finished files say of their terms and origin
known_facts     what documents may say about licences
naming          which licence a model is under, by its name
quoting         how a term is quoted
expression      SPDX expressions of licences
card_licence    how the model card spells a licence
"""
