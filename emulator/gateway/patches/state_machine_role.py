# SPDX-License-Identifier: Apache-2.0
"""Runs state machines under their role.

ministack calls services for a task in-process as the root key, so a role without any permission succeeds. Here
an execution carries its role; `aws-sdk:` calls are checked where they pass on their way to a handler, optimised
integrations (`lambda:invoke`, `dynamodb:putItem`, ...) where they are dispatched. KMS is left to the key
endpoint, which gets the role and its policies.
"""

import json
import re

from gateway.execution_role import Execution, acting_as, current, denial
from gateway.settings import Settings

REQUIRES = (
    "ministack.app:call_service_handler_sync",
    "ministack.core.iam_actions:extract_iam_action",
    "ministack.core.iam_actions:extract_resource_arn",
    "ministack.core.iam_actions:dynamodb_transaction_checks",
    "ministack.core.iam_actions:dynamodb_service_context",
    "ministack.core.iam_actions:access_denied_response",
    "ministack.core.iam_actions:eventbridge_resource_arns",
    "ministack.core.iam_actions:_dynamodb_table_arn",
    "ministack.core.iam_evaluator:EvalContext",
    "ministack.core.iam_evaluator:evaluate",
    "ministack.core.iam_evaluator:combine_resource_policy",
    "ministack.core.iam_evaluator:_gather_role_policies",
    "ministack.core.iam_evaluator:_permissions_boundary",
    "ministack.core.iam_evaluator:_resource_policy",
    "ministack.services.stepfunctions:_run_execution",
    "ministack.services.stepfunctions:_invoke_resource",
    "ministack.services.stepfunctions:_invoke_with_callback",
    "ministack.services.stepfunctions:_executions",
    "ministack.services.stepfunctions:_state_machines",
    "ministack.services.stepfunctions:_ExecutionError",
)

DECIDED_BY_ENDPOINT = ("kms",)
FORWARDED = ("kms", "cloudhsmv2")


def apply(settings: Settings) -> None:
    import ministack.app
    from ministack.services import stepfunctions

    run, invoke, callback = (
        stepfunctions._run_execution,
        stepfunctions._invoke_resource,
        stepfunctions._invoke_with_callback,
    )
    call = ministack.app.call_service_handler_sync

    def run_execution(execution_arn):
        with acting_as(_execution_of(execution_arn)):
            return run(execution_arn)

    def invoke_resource(resource, data):
        _authorize_optimised(resource, data)
        with acting_as(current() if "aws-sdk:" in resource else None):
            return invoke(resource, data)

    def invoke_with_callback(resource, data, token, state):
        _authorize_optimised(resource, data)
        with acting_as(current() if "aws-sdk:" in resource else None):
            return callback(resource, data, token, state)

    def call_service(handler, method, path, headers, body, query, timeout=None):
        execution = current()
        if execution is None:
            return call(handler, method, path, headers, body, query, timeout)
        content = body.encode() if isinstance(body, str) else body
        service = _service_of(headers)
        refused = _refusal(execution, service, (method, path, headers, content, query))
        if refused is not None:
            return refused
        # What a service does in consequence (an event's targets, say) is no longer the execution's doing.
        with acting_as(execution if service in FORWARDED else None):
            return call(handler, method, path, headers, body, query, timeout)

    stepfunctions._run_execution = run_execution
    stepfunctions._invoke_resource = invoke_resource
    stepfunctions._invoke_with_callback = invoke_with_callback
    ministack.app.call_service_handler_sync = call_service


def _execution_of(execution_arn: str) -> Execution | None:
    from ministack.services import stepfunctions

    record = stepfunctions._executions.get(execution_arn)
    machine = stepfunctions._state_machines.get(record["stateMachineArn"]) if record else None
    return Execution(machine["roleArn"], record["name"], record["stateMachineArn"]) if machine else None


def _service_of(headers: dict) -> str:
    scope = re.search(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/", headers.get("authorization", ""))
    return scope.group(1) if scope else headers.get("host", "").split(".")[0]


def _refusal(execution: Execution, service: str, request: tuple):
    """A denial in the service's own protocol, or None."""
    from ministack.core import iam_actions
    from ministack.core.responses import get_account_id, get_region

    if service in DECIDED_BY_ENDPOINT:
        return None
    _, _, headers, body, _ = request
    action = iam_actions.extract_iam_action(service, *request)
    if action is None:
        # Unknown to the emulator's IAM: an action nobody can be granted is refused.
        action, checks = f"{service}:Unknown", [(f"{service}:Unknown", "*")]
    else:
        resource = iam_actions.extract_resource_arn(service, *request, get_region(), get_account_id())
        checks = [(action, resource)]
    context = {}
    if service == "dynamodb":
        context = iam_actions.dynamodb_service_context(body) or {}
        checks = iam_actions.dynamodb_transaction_checks(action, body, get_region(), get_account_id()) or checks
    if service == "events":
        buses = iam_actions.eventbridge_resource_arns(body, get_region(), get_account_id())
        checks = [(action, bus) for bus in buses] or checks
    for checked, resource in checks:
        message = denial(execution, checked, resource, context)
        if message:
            return iam_actions.access_denied_response(
                service, checked, execution.principal_arn, "", message=message, headers=headers, resource_arn=resource
            )
    return None


def _authorize_optimised(resource: str, data) -> None:
    execution = current()
    if execution is None:
        return
    from ministack.services import stepfunctions

    for action, target, error in _optimised_checks(resource.replace(".waitForTaskToken", ""), data):
        message = denial(execution, action, target)
        if message:
            raise stepfunctions._ExecutionError(error, message)


def _optimised_checks(resource: str, data) -> list[tuple[str, str, str]]:
    """(action, resource, error name) of an optimised integration; the names follow the AWS SDK for Java 1."""
    from ministack.core import iam_actions
    from ministack.core.responses import get_account_id, get_region

    region, account = get_region(), get_account_id()
    members = data if isinstance(data, dict) else {}
    if resource.startswith("arn:aws:lambda:"):
        return [("lambda:InvokeFunction", resource, "Lambda.AWSLambdaException")]
    if resource.startswith("arn:aws:states:::lambda:invoke"):
        target = _function_arn(members.get("FunctionName", ""), region, account)
        return [("lambda:InvokeFunction", target, "Lambda.AWSLambdaException")]
    if resource.startswith("arn:aws:states:::dynamodb:"):
        operation = resource.rsplit(":", 1)[-1]
        table = iam_actions._dynamodb_table_arn(members.get("TableName", ""), region, account)
        action = f"dynamodb:{operation[:1].upper()}{operation[1:]}"
        return [(action, table, "DynamoDB.AmazonDynamoDBException")]
    if resource.startswith("arn:aws:states:::states:startExecution"):
        machine = members.get("StateMachineArn", "")
        return [("states:StartExecution", machine, "StepFunctions.AWSStepFunctionsException")]
    if resource.startswith("arn:aws:states:::sqs:"):
        queue = f"arn:aws:sqs:{region}:{account}:{str(members.get('QueueUrl', '')).rsplit('/', 1)[-1]}"
        return [("sqs:SendMessage", queue, "SQS.AmazonSQSException")]
    if resource.startswith("arn:aws:states:::sns:"):
        return [("sns:Publish", members.get("TopicArn", "*"), "SNS.AmazonSNSException")]
    if resource.startswith("arn:aws:states:::events:"):
        buses = iam_actions.eventbridge_resource_arns(json.dumps(data).encode(), region, account)
        return [("events:PutEvents", bus, "EventBridge.AmazonEventBridgeException") for bus in buses]
    if resource.startswith("arn:aws:states:::aws-sdk:") or ":activity:" in resource:
        return []
    # Any other optimised integration: without a rule here it would run unchecked.
    return [("states:UncheckedIntegration", resource, "States.Permissions")]


def _function_arn(name: str, region: str, account: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:function:{name}"
