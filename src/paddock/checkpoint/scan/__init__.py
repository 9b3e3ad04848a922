"""What could hurt whoever loads a file. Reads with bounded readers; nothing is ever executed.

report    reasons, each with a code, a place and what to do; one verdict
codes     every code, how bad it is, and what to do about it
"""
