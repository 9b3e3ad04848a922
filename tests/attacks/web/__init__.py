"""Attacks on people who look at pages: what others wrote must stay text.

payloads   texts that would run something, if anything of them came through
pouring    a hub in which every field that a page shows holds them
"""
