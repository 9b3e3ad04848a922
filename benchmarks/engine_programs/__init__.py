"""Programs that run one model each and print what they measured as one JSON object.

Each takes a model's path, a precision and the sizes of ``Sizes`` as JSON, runs in a process of its
own, by whichever Python has what it needs, and knows nothing of the others.
"""
