# SPDX-License-Identifier: Apache-2.0
"""Names the resource of a CloudHSM v2 call, so that policies scoped to clusters and backups decide as on AWS.

ministack does not know the service and would check every action on `*`, which a scoped policy never allows.
@see Service Authorization Reference, AWS CloudHSM
"""

import json

from gateway.settings import Settings

REQUIRES = ("ministack.core.iam_actions:extract_resource_arn",)

# Actions without resource-level permissions.
UNSCOPED = ("DescribeClusters", "DescribeBackups", "CreateCluster")


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions

    original = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, headers, body, query_params, region, account_id):
        if service != "cloudhsmv2":
            return original(service, method, path, headers, body, query_params, region, account_id)
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        return resource_of(operation, body, f"arn:aws:cloudhsm:{region}:{account_id}")

    iam_actions.extract_resource_arn = extract_resource_arn


def resource_of(operation: str, body: bytes, prefix: str) -> str:
    """The ARN of the cluster or backup that a call names, `*` where it names none."""
    try:
        members = json.loads(body or b"{}")
    except ValueError:
        return "*"
    if operation in UNSCOPED or not isinstance(members, dict):
        return "*"
    name = members.get("ClusterId") or members.get("BackupId") or members.get("ResourceId")
    if not isinstance(name, str):
        return "*"
    return f"{prefix}:{'backup' if name.startswith('backup-') else 'cluster'}/{name}"
