"""The model card: README.md.

front_matter  what the Hub reads
page          the whole card
about         what the model is, what it is for, how it was trained
results       what evaluations found
openness      what is open, gated and withheld, and under which terms
checking      how to use it, and how to see that it is what was released
told          facts in Markdown, each with how it is known
"""
