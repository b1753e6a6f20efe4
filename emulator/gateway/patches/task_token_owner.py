# SPDX-License-Identifier: Apache-2.0
"""Lets a grant on a state machine cover the answers to its tasks.

AWS reads from a task token which state machine it belongs to, and checks SendTaskSuccess, SendTaskFailure and
SendTaskHeartbeat on that machine. ministack checks them on `*`, so the grant that CDK writes would never allow
one. Owners are remembered beyond the task's end, and saved, so that a late answer is told that it is late.
"""

import json
from collections import OrderedDict

from gateway.execution_role import current
from gateway.settings import Settings

REQUIRES = (
    "ministack.core.iam_actions:extract_resource_arn",
    "ministack.services.stepfunctions:_invoke_with_callback",
    "ministack.services.stepfunctions:get_state",
    "ministack.services.stepfunctions:load_persisted_state",
)

MEMBER = "keyturn_token_owners"
REMEMBERED = 10_000
ANSWERS = ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat")

# Task token -> ARN of its state machine, oldest first.
owners: OrderedDict[str, str] = OrderedDict()


def apply(settings: Settings) -> None:
    from ministack.core import iam_actions
    from ministack.services import stepfunctions

    callback, extract = stepfunctions._invoke_with_callback, iam_actions.extract_resource_arn
    get, load = stepfunctions.get_state, stepfunctions.load_persisted_state

    def invoke_with_callback(resource, data, token, state):
        execution = current()
        if execution is not None:
            remember(token, execution.state_machine_arn)
        return callback(resource, data, token, state)

    def extract_resource_arn(service, method, path, headers, body, *rest):
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        if service == "states" and operation in ANSWERS:
            return owners.get(_token_of(body), "*")
        return extract(service, method, path, headers, body, *rest)

    def load_persisted_state(data):
        for token, owner in (data or {}).get(MEMBER, []):
            remember(token, owner)
        return load(data)

    stepfunctions._invoke_with_callback = invoke_with_callback
    iam_actions.extract_resource_arn = extract_resource_arn
    stepfunctions.get_state = lambda: {**get(), MEMBER: [list(pair) for pair in owners.items()]}
    stepfunctions.load_persisted_state = load_persisted_state


def remember(token: str, owner: str) -> None:
    """Keeps the newest owners."""
    owners[token] = owner
    while len(owners) > REMEMBERED:
        owners.popitem(last=False)


def _token_of(body: bytes) -> str:
    try:
        members = json.loads(body or b"{}")
    except ValueError:
        return ""
    return str(members.get("taskToken", "")) if isinstance(members, dict) else ""
