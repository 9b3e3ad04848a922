"""The models behind the names: where their files come from, which are in memory.

catalogue  which models there are, by name
naming     what clients call the models that an operator names
sources    where a model's files come from
verifying  what is checked before they are loaded
snapshots  a snapshot in the client's cache as plain files
loaded     a model in memory, and what a loader must offer
failures   models that could not be loaded
residents  which models are in memory, within a budget
native     the loader of models for our own engine
words      what of a loaded model is text
context    how long prompt and answer may be together
budget     how much memory there is
"""
