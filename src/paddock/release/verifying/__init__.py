"""A release at the other end.

fetch    a revision brought here to be judged
pulling  a model's copy in the client's cache
verify   whether it is exactly what a trusted key signed
verdict  the answer
"""
