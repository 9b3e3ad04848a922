"""A checkpoint's chat template.

finding       where a checkpoint keeps it
template      rendered in a sandbox, under limits
metered_tree  the template's syntax tree, rewritten so that it pays for what it does
metering      what it may spend
"""
