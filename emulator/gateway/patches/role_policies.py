# SPDX-License-Identifier: Apache-2.0
"""Fills `iam:PolicyARN` where a managed policy is put on a role, user or group, or taken off.

AWS has the key in those requests (service authorization reference, IAM), and a grant that names one policy by it is the
narrowest there is. ministack does not know the key, so such a grant would never allow anything.
"""

from gateway.settings import Settings

REQUIRES = (
    "ministack.core.iam_actions:request_tag_context",
    "ministack.core.iam_actions:_query_param",
)

KEY = "iam:PolicyARN"
CALLS = tuple(f"iam:{verb}{what}Policy" for verb in ("Attach", "Detach") for what in ("Group", "Role", "User"))


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions

    context = iam_actions.request_tag_context

    def request_tag_context(service, iam_action, body, params):
        found = context(service, iam_action, body, params)
        return {**found, **policy_key(iam_action, params, iam_actions._query_param)}

    iam_actions.request_tag_context = request_tag_context


def policy_key(iam_action: str, params: dict, read) -> dict[str, str]:
    """The policy that a request puts on a principal or takes off; nothing for every other request."""
    arn = read(params, "PolicyArn") if iam_action in CALLS else ""
    return {KEY: arn} if arn else {}
