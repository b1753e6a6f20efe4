# SPDX-License-Identifier: Apache-2.0
"""The AWS Encryption SDK for Python opens what the one for JavaScript sealed, and the other way round."""

import base64
import json
import os
import subprocess
from pathlib import Path

import aws_encryption_sdk
import pytest
from aws_encryption_sdk.exceptions import DecryptKeyError
from aws_encryption_sdk.identifiers import CommitmentPolicy

SCRIPT = Path(__file__).parent / "encryption-sdk.ts"
CONTEXT = {"purpose": "orders", "tenant": "7"}


def javascript(**request):
    """Runs the SDK for JavaScript on a request; bytes are base64."""
    run = subprocess.run(
        [os.environ["KEYTURN_NODE"], "--disable-warning=ExperimentalWarning", str(SCRIPT)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def python():
    policy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    return aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)


@pytest.fixture(scope="module")
def arns(kms):
    return [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]


def provider(*arns):
    return aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=list(arns))


@pytest.mark.parametrize("opener", [0, 1])
def test_python_opens_what_javascript_sealed_under_two_keys(python, arns, opener):
    plaintext = os.urandom(5000)
    sealed = javascript(
        do="encrypt", keys=arns, context=CONTEXT, bytes=base64.b64encode(plaintext).decode()
    )

    opened, header = python.decrypt(
        source=base64.b64decode(sealed["bytes"]), key_provider=provider(arns[opener])
    )

    assert opened == plaintext
    assert CONTEXT.items() <= header.encryption_context.items()


def test_javascript_opens_what_python_sealed(python, arns):
    plaintext = os.urandom(5000)
    sealed, _header = python.encrypt(
        source=plaintext, key_provider=provider(*arns), encryption_context=CONTEXT
    )

    opened = javascript(do="decrypt", keys=arns, bytes=base64.b64encode(sealed).decode())

    assert base64.b64decode(opened["bytes"]) == plaintext
    assert CONTEXT.items() <= opened["context"].items()


def test_a_key_that_sealed_nothing_opens_nothing(kms, python, arns):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    sealed, _header = python.encrypt(source=b"secret", key_provider=provider(arns[0]))

    with pytest.raises(aws_encryption_sdk.exceptions.AWSEncryptionSDKClientError):
        python.decrypt(source=sealed, key_provider=provider(other))
    assert issubclass(DecryptKeyError, aws_encryption_sdk.exceptions.AWSEncryptionSDKClientError)
