"""Licences: what they ask of whoever passes a model on.

judging       judges a release by its terms and those that it inherited
judgement     what the terms of a release come to, as values
terms         duties that a licence puts on whoever passes a model on
expression    SPDX expressions of licences
card_licence  how the model card spells a licence
"""
