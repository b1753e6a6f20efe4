# SPDX-License-Identifier: Apache-2.0
"""Applies table properties that CloudFormation drops: time to live, encryption, point-in-time recovery.

A global table (CDK's TableV2) carries encryption's key and recovery per replica; the replica of this region counts.
"""

from gateway.patches.after_deploy import applied_after, is_true
from gateway.settings import Settings

REQUIRES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.dynamodb:_tables",
    "ministack.services.dynamodb:_update_ttl",
    "ministack.services.dynamodb:_update_continuous_backups",
    "ministack.services.dynamodb:_sse_description_from_spec",
)


def apply(settings: Settings) -> None:
    def put_global(name: str, props: dict) -> None:
        replicas = props.get("Replicas") or [{}]
        replica = next((one for one in replicas if one.get("Region") == settings.region), replicas[0])
        put_properties(name, {**props, **{key: replica[key] for key in REPLICA_PROPERTIES if key in replica}})
        if "DeletionProtectionEnabled" in replica:
            from ministack.services import dynamodb

            dynamodb._tables[name]["DeletionProtectionEnabled"] = is_true(replica["DeletionProtectionEnabled"])

    applied_after("AWS::DynamoDB::Table", put_properties, __name__)
    applied_after("AWS::DynamoDB::GlobalTable", put_global, __name__)


REPLICA_PROPERTIES = ("PointInTimeRecoverySpecification",)


def put_properties(name: str, props: dict) -> None:
    """Puts every property of the template that the provisioner left out."""
    from ministack.services import dynamodb

    live = props.get("TimeToLiveSpecification")
    if live:
        specification = {"Enabled": is_true(live.get("Enabled")), "AttributeName": live.get("AttributeName", "")}
        _put(dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": specification}))
    recovery = props.get("PointInTimeRecoverySpecification")
    if recovery:
        specification = {"PointInTimeRecoveryEnabled": is_true(recovery.get("PointInTimeRecoveryEnabled"))}
        _put(dynamodb._update_continuous_backups({"TableName": name, "PointInTimeRecoverySpecification": specification}))
    encryption = props.get("SSESpecification")
    if encryption:
        specification = {**encryption, "Enabled": is_true(encryption.get("SSEEnabled"))}
        dynamodb._tables[name]["SSEDescription"] = dynamodb._sse_description_from_spec(specification)


def _put(answer: tuple) -> None:
    if answer[0] >= 400:
        raise ValueError(f"AWS::DynamoDB::Table: {answer[2]!r}")
