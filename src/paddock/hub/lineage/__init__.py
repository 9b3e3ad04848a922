"""Which models came from which: what cards declare and what releases sign, as a tree.

nodes      a model in the tree
links      one step up or down, for many models at once
looking    what this hub knows of the models that were reached
tree       the steps, so deep and so wide
"""
