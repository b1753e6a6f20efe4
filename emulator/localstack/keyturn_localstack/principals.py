# SPDX-License-Identifier: Apache-2.0
"""Finds in LocalStack's IAM and STS who makes a call, with the policies that bind that principal.

LocalStack itself enforces none of them (that is a paid feature) and verifies no signature: whoever names an access key
is believed. The key endpoint does enforce what is found here, so KMS and CloudHSM are decided as on AWS.
"""

import json

from forwarding.caller import Caller, account_root
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

PARTITION = "aws"


class UnknownCaller(Exception):
    """The access key belongs to no session, and is not the account's own."""


def of_request(headers, account: str) -> Caller:
    """The principal whose access key a request names; raises UnknownCaller."""
    key = extract_access_key_id_from_auth_header(headers)
    if key is None or key in ("test", account):
        return account_root(account)
    session = sts_backends[account][PARTITION].get_assumed_role_from_access_key(key)
    if session is None:
        raise UnknownCaller(key)
    return role_session(session.role_arn, session.session_name, session.policy)


def role_session(role_arn: str, session: str, session_policy: str | None = None) -> Caller:
    """A session of a role, limited by the policy that was passed when it was assumed."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    iam = iam_backends[account][PARTITION]
    role = iam.get_role_by_arn(role_arn)
    attached = [_document_of(policy) for policy in role.managed_policies.values()]
    boundary = role.permissions_boundary_arn
    return Caller(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        account=account,
        identity_policies=_documents([*role.policies.values(), *attached]),
        boundary_policies=None if boundary is None else _documents([_document_of(iam.get_policy(boundary))]),
        session_policies=None if session_policy is None else _documents([session_policy]),
        role_arn=role.arn,
        principal_tags={tag["Key"]: tag.get("Value", "") for tag in role.tags},
    )


def _document_of(policy) -> str:
    """The version of a managed policy that is in force."""
    return next(one.document for one in policy.versions if one.version_id == policy.default_version_id)


def _documents(raw: list) -> list[dict]:
    return [json.loads(document) if isinstance(document, str) else document for document in raw]
