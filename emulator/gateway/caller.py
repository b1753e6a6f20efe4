# SPDX-License-Identifier: Apache-2.0
"""Who makes a call, in the form the key endpoint decides on: an authenticated principal with its policies."""

import base64
import json
from dataclasses import dataclass, field

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.core.router import extract_access_key_id

from gateway import policies


@dataclass(frozen=True)
class Caller:
    """An authenticated principal; nothing in it was claimed by the client."""

    principal_arn: str
    account: str
    is_root: bool = False
    identity_policies: list[dict] = field(default_factory=list)
    boundary_policies: list[dict] | None = None
    """None without a boundary; a list narrows, and an empty one allows nothing."""
    session_policies: list[dict] | None = None
    source_ip: str = "127.0.0.1"
    role_arn: str | None = None
    """Of a session: its role's ARN with the path, which the session's own ARN does not carry."""
    principal_tags: dict[str, str] = field(default_factory=dict)

    def header(self) -> str:
        """The value of `x-keyturn-caller`: base64url of JSON, without padding."""
        members = {
            "principalArn": self.principal_arn,
            "account": self.account,
            "identityPolicies": self.identity_policies,
            "boundaryPolicies": self.boundary_policies,
            "sessionPolicies": self.session_policies,
            "isRoot": self.is_root,
            "sourceIp": self.source_ip,
            "roleArn": self.role_arn,
            "principalTags": self.principal_tags,
        }
        return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def account_root(account: str) -> Caller:
    """The account itself, as which CloudFormation deploys here."""
    return Caller(principal_arn=f"arn:aws:iam::{account}:root", account=account, is_root=True)


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
