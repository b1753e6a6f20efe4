# SPDX-License-Identifier: Apache-2.0
"""Applies function properties that CloudFormation drops: reserved concurrency, dead-letter queue, environment key."""

from gateway.patches.after_deploy import applied_after
from gateway.settings import Settings

REQUIRES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.lambda_svc:_functions",
    "ministack.services.lambda_svc:_put_function_concurrency",
    "ministack.services.lambda_svc:_delete_function_concurrency",
)

COPIED = ("DeadLetterConfig", "KMSKeyArn")


def apply(settings: Settings) -> None:
    applied_after("AWS::Lambda::Function", put_properties, __name__)


def put_properties(name: str, props: dict) -> None:
    """Puts every property of the template that the provisioner left out."""
    from ministack.services import lambda_svc

    reserved = props.get("ReservedConcurrentExecutions")
    if reserved is None:
        lambda_svc._delete_function_concurrency(name)
    else:
        lambda_svc._put_function_concurrency(name, {"ReservedConcurrentExecutions": int(reserved)})
    config = lambda_svc._functions[name]["config"]
    for member in COPIED:
        if props.get(member):
            config[member] = props[member]
        else:
            config.pop(member, None)
