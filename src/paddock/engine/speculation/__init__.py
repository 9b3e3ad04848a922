"""Guesses of the next tokens, so that one step can bring several.

A guess is never more than that: the model computes every proposed position and draws there with its
own seed and position, and a proposal is kept where it is the token drawn. The output is the same
with and without.

costs     what they cost on this machine, with this model
pace      how many guesses are worth their cost
lookup    what followed the same tokens before
draft     what a smaller model would say
proposer  who guesses for which sequence of a step
"""
