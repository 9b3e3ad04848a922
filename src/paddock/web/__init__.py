"""Assembles the server: routes, errors, request ids, the sending path."""
