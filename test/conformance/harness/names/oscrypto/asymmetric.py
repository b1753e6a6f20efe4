# SPDX-License-Identifier: Apache-2.0
"""The two functions local-kms's tests use of oscrypto, whose published version cannot read the version of OpenSSL 3."""

from types import SimpleNamespace

from cryptography.hazmat.primitives import serialization


def load_private_key(der):
    key = serialization.load_der_private_key(der, password=None)
    return SimpleNamespace(public_key=key.public_key())


def dump_public_key(public_key, encoding):
    assert encoding == "der"
    return public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
