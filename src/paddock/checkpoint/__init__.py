"""Weights on disk: bounded readers, streaming writers. No torch, and nothing is ever executed."""
