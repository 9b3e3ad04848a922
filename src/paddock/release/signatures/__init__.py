"""Who vouches for a release.

oms  the signature (OpenSSF Model Signing)
"""
