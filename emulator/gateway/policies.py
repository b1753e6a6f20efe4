# SPDX-License-Identifier: Apache-2.0
"""Reads from the emulated IAM the policy documents that bind a principal, as documents and not as parsed statements.

A limit (boundary, session policies) is None where there is none. One that names nothing readable is an empty list,
which allows nothing: a missing document must never widen a permission.
"""

import json
from typing import Any, Iterable

from ministack.core import iam_evaluator
from ministack.services import iam, sts

Limit = list[dict] | None


def of_role(name: str, account: str) -> tuple[list[dict], Limit]:
    """Identity policies and boundary of a role; an unknown role has neither."""
    role = iam._roles.get_scoped(account, None, name) or {}
    inline = (role.get("InlinePolicies") or {}).values()
    return _documents(inline) + _managed(role.get("AttachedPolicies") or [], account), _boundary(role, account)


def of_user(name: str, account: str) -> tuple[list[dict], Limit]:
    """Identity policies (own and of groups) and boundary of a user."""
    user = iam._users.get_scoped(account, None, name) or {}
    found = _documents((iam._user_inline_policies.get(name) or {}).values())
    found += _managed(user.get("AttachedPolicies") or [], account)
    for group_name, group in iam._groups.items():
        if name in group.get("Users", []):
            found += _documents((iam._group_inline_policies.get(group_name) or {}).values())
            found += _managed(group.get("AttachedPolicies") or [], account)
    return found, _boundary(user, account)


def of_session(access_key: str, account: str) -> Limit:
    """Session policies passed to AssumeRole; None when none were passed."""
    passed = (sts._sessions.get(access_key) or {}).get("SessionPolicies")
    if passed is None:
        return None
    found = _documents([passed["Policy"]] if passed.get("Policy") else [])
    return found + _managed(passed.get("PolicyArns") or [], account)


def role_arn(name: str, account: str) -> str | None:
    """ARN of a role with its path; None for a role that is not there."""
    return (iam._roles.get_scoped(account, None, name) or {}).get("Arn")


def role_tags(name: str, account: str) -> dict[str, str]:
    """Tags of a role by name."""
    return _tags((iam._roles.get_scoped(account, None, name) or {}).get("Tags"))


def user_tags(name: str, account: str) -> dict[str, str]:
    """Tags of a user by name."""
    return _tags((iam._users.get_scoped(account, None, name) or {}).get("Tags"))


def session_tags(access_key: str) -> dict[str, str]:
    """Tags passed to AssumeRole, which replace those of the role of the same name."""
    return _tags((sts._sessions.get(access_key) or {}).get("SessionTags"))


def _tags(tags: Iterable[dict] | None) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags or []}


def _boundary(entity: dict, account: str) -> Limit:
    arn = entity.get("PermissionsBoundary")
    if isinstance(arn, dict):
        arn = arn.get("PermissionsBoundaryArn")
    return _managed([arn], account) if arn else None


def _managed(arns: Iterable[Any], account: str) -> list[dict]:
    names = [arn.get("arn", "") if isinstance(arn, dict) else arn for arn in arns]
    return _documents(iam_evaluator._resolve_managed_policy_document(name, account) for name in names)


def _documents(raw: Iterable[Any]) -> list[dict]:
    found = []
    for document in raw:
        if isinstance(document, str):
            try:
                document = json.loads(document)
            except json.JSONDecodeError:
                continue
        if isinstance(document, dict):
            found.append(document)
    return found
