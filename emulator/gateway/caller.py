# SPDX-License-Identifier: Apache-2.0
"""Who makes a call to ministack, found in its IAM and STS."""

from forwarding.caller import Caller
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.core.router import extract_access_key_id

from gateway import policies


def role_session(role_arn: str, session: str) -> Caller:
    """A session of a role that a service assumed, such as a state machine's execution."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    identity, boundary = policies.of_role(name, account)
    return Caller(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session[:64]}",
        account=account,
        identity_policies=identity,
        boundary_policies=boundary,
        role_arn=policies.role_arn(name, account),
        principal_tags=policies.role_tags(name, account),
    )


def of_request(headers: dict, query: dict) -> Caller:
    """The principal behind an HTTP request whose signature was already verified."""
    access_key = extract_access_key_id(headers, query)
    credential = iam_evaluator.resolve_credential(access_key, get_account_id())
    if isinstance(credential, iam_evaluator.CredentialResolutionError):
        raise PermissionError(credential.message)
    account, source_ip = credential.account_id, iam_evaluator._request_origin.get()[0]
    if credential.principal_type == "Root":
        return Caller(credential.principal_arn, account, is_root=True, source_ip=source_ip)
    session = policies.of_session(access_key, account)
    if credential.principal_type == "AssumedRole":
        name = credential.principal_arn.split(":")[5].split("/")[1]
        identity, boundary = policies.of_role(name, account)
        role_arn = policies.role_arn(name, account)
        tags = policies.role_tags(name, account) | policies.session_tags(access_key)
    else:
        identity, boundary = policies.of_user(credential.principal_name, account)
        role_arn, tags = None, policies.user_tags(credential.principal_name, account)
    return Caller(credential.principal_arn, account, False, identity, boundary, session, source_ip, role_arn, tags)
