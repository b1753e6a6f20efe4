# SPDX-License-Identifier: Apache-2.0
"""A ciphertext opened without the emulator: with PKCS#11 access to the cluster's token and the documented format only.

Format (emulator/README.md): "KTK" 0x01, key id (16 bytes), material (8 bytes), IV (12 bytes), AES-256-GCM ciphertext and tag.
Additional data: those first 28 bytes, then the context sorted by name, each part after its length in 4 bytes.
"""

import json
import os
import struct
import uuid
from pathlib import Path

import pytest

HEADER = 28
IV = 12


def encoded(context):
    parts = sorted((name.encode(), value.encode()) for name, value in context.items())
    return b"".join(struct.pack(">I", len(part)) + part for pair in parts for part in pair)


@pytest.fixture(scope="module")
def session(cluster, key_store):
    import pkcs11

    data = Path(os.environ["KEYTURN_DATA"])
    os.environ["SOFTHSM2_CONF"] = str(data / "hsm" / "softhsm2.conf")
    token = pkcs11.lib(os.environ["KEYTURN_SOFTHSM"]).get_token(token_label=cluster)
    (pins,) = data.glob(f"**/pins/{cluster}.json")
    with token.open(user_pin=json.loads(pins.read_text())["userPin"]) as opened:
        yield opened


@pytest.fixture(scope="module")
def key(kms, key_store):
    return kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=key_store)["KeyMetadata"]


def open_with_token(session, key, blob, context):
    import pkcs11

    header, iv, sealed = blob[:HEADER], blob[HEADER : HEADER + IV], blob[HEADER + IV :]
    assert header[:4] == b"KTK\x01"
    assert uuid.UUID(bytes=header[4:20]) == uuid.UUID(key["KeyId"])
    secret = session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=key["Arn"])
    return secret.decrypt(
        sealed,
        mechanism=pkcs11.Mechanism.AES_GCM,
        mechanism_param=pkcs11.GCMParams(iv, aad=header + encoded(context), tag_bits=128),
    )


@pytest.mark.parametrize("context", [{}, {"purpose": "orders", "a": "", "é": "ü"}])
def test_a_ciphertext_opens_with_the_token_alone(kms, session, key, context):
    plaintext = os.urandom(100)
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=plaintext, EncryptionContext=context)

    assert open_with_token(session, key, blob["CiphertextBlob"], context) == plaintext


def test_it_does_not_open_with_another_context(kms, session, key):
    import pkcs11

    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret", EncryptionContext={"a": "b"})

    with pytest.raises(pkcs11.PKCS11Error):
        open_with_token(session, key, blob["CiphertextBlob"], {"a": "c"})


def test_what_the_token_seals_decrypt_opens(kms, session, key):
    """The other way round: sealed with the token alone, opened by the emulator."""
    import pkcs11

    known = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    header, iv = known[:HEADER], os.urandom(IV)
    secret = session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=key["Arn"])
    sealed = secret.encrypt(
        b"sealed outside",
        mechanism=pkcs11.Mechanism.AES_GCM,
        mechanism_param=pkcs11.GCMParams(iv, aad=header, tag_bits=128),
    )

    assert kms.decrypt(CiphertextBlob=header + iv + sealed)["Plaintext"] == b"sealed outside"
