# SPDX-License-Identifier: Apache-2.0
"""Checks the roles of schedules and rules: who may pass one, and what it may do.

ministack fires a target without looking at its role, and lets anyone name any role in a schedule. Creating or
changing a schedule now needs `iam:PassRole` on its role; a target with a role is invoked only when the role may
do it, else the refusal is logged and nothing happens, as on AWS.
"""

import json
import logging

from gateway.execution_role import Execution, denial
from gateway.settings import Settings

REQUIRES = (
    "ministack.app:SERVICE_HANDLERS",
    "ministack.app:_enforce_data_plane",
    "ministack.services.eventbridge:_invoke_target",
)

logger = logging.getLogger("keyturn.gateway")

ACTIONS = {
    "states": "states:StartExecution",
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "events": "events:PutEvents",
}


def apply(settings: Settings) -> None:
    import ministack.app
    from ministack.services import eventbridge

    invoke, handle = eventbridge._invoke_target, ministack.app.SERVICE_HANDLERS["scheduler"]

    def invoke_target(target, event, rule, view=None):
        role = target.get("RoleArn") or rule.get("RoleArn")
        message = role and refusal(role, target.get("Arn", ""), rule.get("Name", "target"))
        if message:
            logger.error("target of %s not invoked: %s", rule.get("Name"), message)
            return None
        return invoke(target, event, rule, view)

    async def handle_scheduler(method, path, headers, body, query):
        role = _passed_role(method, path, body)
        if role:
            context = {"iam:PassedToService": "scheduler.amazonaws.com"}
            denied = ministack.app._enforce_data_plane(
                "scheduler", "iam:PassRole", headers, query, "", resource_arn=role, service_context=context
            )
            if denied:
                return denied
        return await handle(method, path, headers, body, query)

    eventbridge._invoke_target = invoke_target
    ministack.app.SERVICE_HANDLERS["scheduler"] = handle_scheduler


def refusal(role: str, target: str, session: str) -> str | None:
    """Why the role may not invoke the target, or None when it may."""
    parts = target.split(":")
    action = ACTIONS.get(parts[2]) if len(parts) > 5 else None
    if action is None:
        return f"no action is known for the target {target}"
    return denial(Execution(role, session), action, target)


def _passed_role(method: str, path: str, body) -> str:
    if method not in ("POST", "PUT") or not path.startswith("/schedules/"):
        return ""
    try:
        return (json.loads(body or b"{}").get("Target") or {}).get("RoleArn", "")
    except ValueError:
        return ""
