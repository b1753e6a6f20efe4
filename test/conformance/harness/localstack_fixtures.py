# SPDX-License-Identifier: Apache-2.0
"""The fixtures LocalStack's KMS tests ask for, on boto3 clients of the emulator.

Snapshots hold what AWS answered; they are compared with the transformers LocalStack uses. Parts of answers that LocalStack
leaves out of the comparison because it differs from AWS there are compared all the same: see TEST_TARGET in the lane.
"""

import re
from datetime import datetime
from types import SimpleNamespace

import boto3
import pytest
from localstack_snapshot.snapshots.transformer import (
    PATTERN_ISO8601,
    KeyValueBasedTransformer,
    RegexTransformer,
    ResponseMetaDataTransformer,
)
from localstack_snapshot.snapshots.transformer_utility import TransformerUtility

pytest_plugins = ["localstack_snapshot.pytest.snapshot"]

ACCOUNT = "000000000000"
REGION = "us-east-1"
SECONDARY_REGION = "ap-southeast-1"
KEY_ARN = r"arn:aws:kms:[a-z0-9-]+:\d{12}:key/"
UUID = r"[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}"


class _Transformers(TransformerUtility):
    @staticmethod
    def kms_api():
        of = TransformerUtility
        return [
            *(of.key_value(name) for name in ("KeyId", "KeyMaterialId", "CurrentKeyMaterialId")),
            of.jsonpath("$..Signature", "<signature>", reference_replacement=False),
            of.jsonpath("$..Mac", "<mac>", reference_replacement=False),
            *(of.key_value(name, reference_replacement=False) for name in ("CiphertextBlob", "Plaintext")),
            RegexTransformer(KEY_ARN + UUID, "<key-arn>"),
            RegexTransformer(KEY_ARN + "mrk-[a-fA-F0-9]{32}", "<mrk-key-arn>"),
        ]

    @staticmethod
    def resource_name(replacement_name="resource"):
        pattern = re.compile(r"arn:aws:[^:]+:[^:]*:\d{12}:(?:.*/)?(.*)")

        def name(_key, value):
            found = pattern.match(value) if isinstance(value, str) else None
            return found.group(1) if found else None

        return KeyValueBasedTransformer(name, replacement_name)


def _uuid(key, value):
    is_id = isinstance(value, str) and key.lower().endswith("id") and re.match(UUID, value)
    return value if is_id else None


@pytest.fixture
def snapshot(_snapshot_session):
    _snapshot_session.transform = _Transformers
    for transformer in (
        RegexTransformer(ACCOUNT, "1" * 12),
        RegexTransformer(REGION, "<region>"),
        RegexTransformer("arn:aws:", "arn:<partition>:"),
        ResponseMetaDataTransformer(),
        KeyValueBasedTransformer(_uuid, "uuid"),
        RegexTransformer(PATTERN_ISO8601, "date"),
        KeyValueBasedTransformer(
            lambda _key, value: value if isinstance(value, datetime) else None,
            "datetime",
            replace_reference=False,
        ),
    ):
        _snapshot_session.add_transformer(transformer, priority=2)
    return _snapshot_session


class _Clients:
    """`aws_client`: KMS of the emulator, and the caller, whom the emulator takes for the account root."""

    def __init__(self, region=None, config=None, secret="test"):
        self.kms = boto3.client(
            "kms",
            region_name=region or REGION,
            config=config,
            aws_access_key_id="test",
            aws_secret_access_key=secret,
        )
        identity = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root", "UserId": ACCOUNT}
        self.sts = SimpleNamespace(get_caller_identity=lambda: identity)


@pytest.fixture(scope="session")
def aws_client_factory():
    return lambda region_name=None, config=None: _Clients(region_name, config)


@pytest.fixture(scope="session")
def aws_client(aws_client_factory):
    return aws_client_factory()


@pytest.fixture(scope="session")
def account_id():
    return ACCOUNT


@pytest.fixture(scope="session")
def region_name():
    return REGION


@pytest.fixture(scope="session")
def secondary_region_name():
    return SECONDARY_REGION


@pytest.fixture
def kms_create_key(aws_client_factory):
    def create(region_name=None, **request):
        request.setdefault("Description", "a key of a test")
        return aws_client_factory(region_name=region_name).kms.create_key(**request)["KeyMetadata"]

    return create


@pytest.fixture
def kms_replicate_key(aws_client_factory):
    return lambda region_from=None, **request: aws_client_factory(
        region_name=region_from
    ).kms.replicate_key(**request)


@pytest.fixture
def kms_key(kms_create_key):
    return kms_create_key()


@pytest.fixture
def kms_create_alias(aws_client, kms_create_key):
    def create(**request):
        request.setdefault("AliasName", f"alias/{id(request):x}")
        if "TargetKeyId" not in request:
            request["TargetKeyId"] = kms_create_key()["KeyId"]
        aws_client.kms.create_alias(**request)
        return request["AliasName"]

    return create


@pytest.fixture
def kms_create_grant(aws_client, kms_create_key, account_id):
    def create(**request):
        request.setdefault("Operations", ["Decrypt", "Encrypt"])
        request.setdefault("GranteePrincipal", f"arn:aws:iam::{account_id}:root")
        if "KeyId" not in request:
            request["KeyId"] = kms_create_key()["KeyId"]
        return aws_client.kms.create_grant(**request)["GrantId"], request["KeyId"]

    return create


@pytest.fixture
def kms_grant_and_key(aws_client, kms_key, account_id):
    grant = aws_client.kms.create_grant(
        KeyId=kms_key["KeyId"],
        GranteePrincipal=f"arn:aws:iam::{account_id}:root",
        Operations=["Decrypt", "Encrypt"],
    )
    return [grant, kms_key]
