# SPDX-License-Identifier: Apache-2.0
"""Creates the KMS keys of a stack as CloudFormation does.

LocalStack turns rotation off for each key that does not ask for it, which KMS refuses for keys that cannot rotate:
signing keys, for one. @see localstack/services/kms/resource_providers/aws_kms_key.py, KMSKeyProvider.create
"""

import json

from keyturn_localstack.settings import Settings

REQUIRES = (
    "localstack.services.kms.resource_providers.aws_kms_key:KMSKeyProvider.create",
    "localstack.services.cloudformation.resource_provider:ProgressEvent",
    "localstack.services.cloudformation.resource_provider:OperationStatus",
)

SAME = ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")


def apply(settings: Settings) -> None:
    from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
    from localstack.services.kms.resource_providers.aws_kms_key import KMSKeyProvider

    def create(provider, request) -> ProgressEvent:
        model, kms = request.desired_state, request.aws_client_factory.kms
        metadata = kms.create_key(**creation(model))["KeyMetadata"]
        model.update(KeyId=metadata["KeyId"], Arn=metadata["Arn"])
        if is_true(model.get("EnableKeyRotation")):
            kms.enable_key_rotation(KeyId=model["KeyId"])
        if not is_true(model.get("Enabled", True)):
            kms.disable_key(KeyId=model["KeyId"])
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=model, custom_context=request.custom_context)

    KMSKeyProvider.create = create


def creation(model: dict) -> dict:
    """The members of CreateKey for the properties of AWS::KMS::Key."""
    members = {name: model[name] for name in SAME if name in model}
    if "KeyPolicy" in model:
        members["Policy"] = json.dumps(model["KeyPolicy"])
    if "Tags" in model:
        members["Tags"] = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in model["Tags"]]
    return members


def is_true(value: object) -> bool:
    """A template boolean, which may arrive as text."""
    return str(value).lower() == "true"
