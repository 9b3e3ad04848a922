"""What the Union's AI Act asks of a general-purpose model (Regulation (EU) 2024/1689, chapter V).

Facts for the person who files them: nothing here says that a duty is met.

form_answers     what only people can say in the model documentation form
form             the model documentation form, its rows and audiences
annex_xii        what those who build on the model are told
summary_answers  what is said about the training content
summary          the public summary of the training content
bands            the ranges and orders of magnitude that the forms ask for
computed         what follows from other facts
scope            thresholds, modifiers, and the exemption for free and open models
"""
