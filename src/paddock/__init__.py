"""Paddock: share AI models the way an open-weight lab does, from your own machine."""

__version__ = "0.1.0"
