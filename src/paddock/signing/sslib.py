"""securesystemslib's signers, imported quietly: files, hardware tokens (PKCS#11), key services.

Knows nothing of its own. The library tries to import what its optional signers need, and one of
those warns about algorithms that nobody asked for.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from securesystemslib.exceptions import UnsupportedLibraryError
    from securesystemslib.signer import (
        AWSSigner,
        AzureSigner,
        GCPSigner,
        HSMSigner,
        Key,
        SecretsHandler,
        Signature,
        Signer,
        SSlibKey,
        VaultSigner,
    )

__all__ = [
    "AWSSigner",
    "AzureSigner",
    "GCPSigner",
    "HSMSigner",
    "Key",
    "SSlibKey",
    "SecretsHandler",
    "Signature",
    "Signer",
    "UnsupportedLibraryError",
    "VaultSigner",
]
