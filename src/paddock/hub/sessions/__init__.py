"""Signing in with a browser: sessions behind a cookie, and a bound on how often one may guess."""
