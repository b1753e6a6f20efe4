# SPDX-License-Identifier: Apache-2.0
"""Provisions the KMS keys and aliases of a stack at the key endpoint.

CloudFormation inside ministack creates them in its own key store, in-process, which no route can catch: the
stack's keys would exist where nobody encrypts. Create, update and delete go to the endpoint here, as the account.
"""

import json

from forwarding.caller import account_root
from forwarding.key_endpoint import KeyEndpoint, KeyEndpointError

from gateway.contract import handlers_of
from gateway.settings import Settings

REQUIRES = ("ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",)

KEY, ALIAS = "AWS::KMS::Key", "AWS::KMS::Alias"
GONE = ("NotFoundException", "KMSInvalidStateException")
# CloudFormation refuses to change these in place. @see AWS::KMS::Key
IMMUTABLE = {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "MultiRegion": False}


def apply(settings: Settings) -> None:
    handlers = handlers_of((KEY, ALIAS), __name__)
    endpoint = KeyEndpoint(settings.key_endpoint, settings.gateway_secret)
    keys, aliases = StackKeys(endpoint, settings.account), StackAliases(endpoint, settings.account)
    handlers[KEY] = {"create": keys.create, "update": keys.update, "delete": keys.delete}
    handlers[ALIAS] = {
        "create": aliases.create,
        "update": aliases.update,
        "update_with_logical_id": True,
        "delete": aliases.delete,
    }


class _AtEndpoint:
    def __init__(self, endpoint: KeyEndpoint, account: str) -> None:
        self._endpoint, self._account = endpoint, account

    def _call(self, operation: str, **members) -> dict:
        return self._endpoint.call(operation, members, account_root(self._account))

    def _call_unless_gone(self, operation: str, **members) -> None:
        try:
            self._call(operation, **members)
        except KeyEndpointError as error:
            if error.code not in GONE:
                raise


class StackKeys(_AtEndpoint):
    """AWS::KMS::Key."""

    def create(self, logical_id, props, stack_name):
        members = {
            "KeySpec": props.get("KeySpec", "SYMMETRIC_DEFAULT"),
            "KeyUsage": props.get("KeyUsage", "ENCRYPT_DECRYPT"),
            "Description": props.get("Description", ""),
            "Tags": _tags(props),
        }
        if props.get("KeyPolicy") is not None:
            members["Policy"] = _policy(props)
        if props.get("Origin"):
            members["Origin"] = props["Origin"]
        metadata = self._call("CreateKey", **members)["KeyMetadata"]
        key_id = metadata["KeyId"]
        if _is_true(props.get("EnableKeyRotation")):
            self._rotate(key_id, props)
        if props.get("Enabled") is not None and not _is_true(props["Enabled"]):
            self._call("DisableKey", KeyId=key_id)
        return key_id, {"Arn": metadata["Arn"], "KeyId": key_id}

    def update(self, physical_id, old_props, new_props, stack_name):
        for prop, default in IMMUTABLE.items():
            if old_props.get(prop, default) != new_props.get(prop, default):
                raise ValueError(f"{KEY} {physical_id}: {prop} cannot be changed after the key is created")
        if new_props.get("KeyPolicy") is not None and _policy(old_props) != _policy(new_props):
            self._call("PutKeyPolicy", KeyId=physical_id, PolicyName="default", Policy=_policy(new_props))
        if old_props.get("Description") != new_props.get("Description"):
            self._call("UpdateKeyDescription", KeyId=physical_id, Description=new_props.get("Description", ""))
        self._update_tags(physical_id, old_props, new_props)
        self._update_switches(physical_id, old_props, new_props)
        metadata = self._call("DescribeKey", KeyId=physical_id)["KeyMetadata"]
        return physical_id, {"Arn": metadata["Arn"], "KeyId": metadata["KeyId"]}

    def delete(self, physical_id, props):
        window = int(props.get("PendingWindowInDays", 30))
        self._call_unless_gone("ScheduleKeyDeletion", KeyId=physical_id, PendingWindowInDays=window)

    def _rotate(self, key_id, props):
        period = {"RotationPeriodInDays": int(props["RotationPeriodInDays"])} if "RotationPeriodInDays" in props else {}
        self._call("EnableKeyRotation", KeyId=key_id, **period)

    def _update_tags(self, key_id, old_props, new_props):
        kept = {tag["TagKey"] for tag in _tags(new_props)}
        dropped = [tag["TagKey"] for tag in _tags(old_props) if tag["TagKey"] not in kept]
        if dropped:
            self._call("UntagResource", KeyId=key_id, TagKeys=dropped)
        if _tags(new_props) and _tags(new_props) != _tags(old_props):
            self._call("TagResource", KeyId=key_id, Tags=_tags(new_props))

    def _update_switches(self, key_id, old_props, new_props):
        def rotation(props):
            return _is_true(props.get("EnableKeyRotation")), props.get("RotationPeriodInDays")

        if rotation(old_props) != rotation(new_props):
            if rotation(new_props)[0]:
                self._rotate(key_id, new_props)
            else:
                self._call("DisableKeyRotation", KeyId=key_id)
        enabled = [_is_true(props.get("Enabled", True)) for props in (old_props, new_props)]
        if enabled[0] != enabled[1]:
            self._call("EnableKey" if enabled[1] else "DisableKey", KeyId=key_id)


class StackAliases(_AtEndpoint):
    """AWS::KMS::Alias."""

    def create(self, logical_id, props, stack_name):
        self._call("CreateAlias", AliasName=props["AliasName"], TargetKeyId=props["TargetKeyId"])
        return props["AliasName"], {}

    def update(self, physical_id, old_props, new_props, stack_name, logical_id=None):
        if new_props["AliasName"] != physical_id:
            created = self.create(logical_id, new_props, stack_name)
            self.delete(physical_id, old_props)
            return created
        self._call("UpdateAlias", AliasName=physical_id, TargetKeyId=new_props["TargetKeyId"])
        return physical_id, {}

    def delete(self, physical_id, props):
        self._call_unless_gone("DeleteAlias", AliasName=physical_id)


def _policy(props: dict) -> str:
    policy = props.get("KeyPolicy")
    return policy if isinstance(policy, str) else json.dumps(policy)


def _tags(props: dict) -> list[dict]:
    """The template's tags. CloudFormation's own (`aws:...`) only AWS itself may set, so the endpoint refuses them."""
    tags = [tag for tag in props.get("Tags") or [] if not tag["Key"].startswith("aws:")]
    return [{"TagKey": tag["Key"], "TagValue": tag.get("Value", "")} for tag in tags]


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"
