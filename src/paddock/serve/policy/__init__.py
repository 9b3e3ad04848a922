"""The release's use policy, before and after the model.

guard  what a policy must offer to whoever answers with a model
"""
