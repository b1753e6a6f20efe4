# SPDX-License-Identifier: Apache-2.0
"""Sends KMS and CloudHSM v2 to the key endpoint, from SDKs, functions and `aws-sdk:` states alike.

ministack's own KMS holds keys in memory and has no custom key stores; CloudHSM v2 it does not know at all. KMS
calls are forwarded with the authenticated caller and decided there. CloudHSM v2 gets a route, an IAM namespace
(`cloudhsm:`, so that the emulator authorises direct calls itself) and an entry for state machines.
"""

import asyncio

from forwarding.key_endpoint import KeyEndpoint

from gateway import caller, execution_role
from gateway.settings import Settings

REQUIRES = (
    "ministack.app:SERVICE_HANDLERS",
    "ministack.core.router:SERVICE_PATTERNS",
    "ministack.core.router:extract_access_key_id",
    "ministack.core.responses:get_region",
    "ministack.core.iam_actions:SERVICE_TO_IAM_NAMESPACE",
    "ministack.core.iam_evaluator:resolve_credential",
    "ministack.core.iam_evaluator:_request_origin",
    "ministack.core.iam_evaluator:_resolve_managed_policy_document",
    "ministack.services.iam:_roles",
    "ministack.services.iam:_users",
    "ministack.services.iam:_groups",
    "ministack.services.iam:_user_inline_policies",
    "ministack.services.iam:_group_inline_policies",
    "ministack.services.sts:_sessions",
    "ministack.services.stepfunctions:_AWS_SDK_SERVICE_MAP",
    "ministack.services.stepfunctions:_AWS_SDK_ERROR_PREFIX",
)

CLOUDHSM = "cloudhsmv2"
CLOUDHSM_TARGET = "BaldrApiService"


def apply(settings: Settings) -> None:
    import ministack.app
    from ministack.core import iam_actions, router
    from ministack.core.responses import get_region
    from ministack.services import stepfunctions

    endpoint = KeyEndpoint(settings.key_endpoint, settings.gateway_secret)

    async def forward(method, path, headers, body, query):
        execution = execution_role.current()
        principal = execution.caller() if execution else caller.of_request(headers, query)
        content = body if isinstance(body, bytes) else body.encode()
        agent = headers.get("user-agent", "")
        target, region = headers.get("x-amz-target", ""), get_region()
        return await asyncio.to_thread(endpoint.send, target, content, principal, agent, region)

    ministack.app.SERVICE_HANDLERS["kms"] = forward
    ministack.app.SERVICE_HANDLERS[CLOUDHSM] = forward
    router.SERVICE_PATTERNS[CLOUDHSM] = {
        "target_prefixes": [CLOUDHSM_TARGET],
        "host_patterns": [r"cloudhsmv2\."],
        "credential_scope": "cloudhsm",
    }
    iam_actions.SERVICE_TO_IAM_NAMESPACE[CLOUDHSM] = "cloudhsm"
    stepfunctions._AWS_SDK_SERVICE_MAP[CLOUDHSM] = {"target_prefix": CLOUDHSM_TARGET, "protocol": "json"}
    stepfunctions._AWS_SDK_ERROR_PREFIX[CLOUDHSM] = "CloudHsmV2"
