"""Licences: what they ask of whoever passes a model on.

terms         duties that a licence puts on whoever passes a model on
expression    SPDX expressions of licences
card_licence  how the model card spells a licence
"""
