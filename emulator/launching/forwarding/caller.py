# SPDX-License-Identifier: Apache-2.0
"""Who makes a call, in the form the key endpoint decides on: an authenticated principal with its policies."""

import base64
import json
from dataclasses import dataclass, field


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
