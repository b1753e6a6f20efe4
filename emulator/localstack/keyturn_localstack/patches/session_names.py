# SPDX-License-Identifier: Apache-2.0
"""Calls services from `aws-sdk:` states in a session that is named after the execution, as Step Functions does.

LocalStack draws a name for each call, so no trail of the called service says for which execution it was.
@see localstack/services/stepfunctions/asl/utils/boto_client.py, boto_client_for
"""

from keyturn_localstack.settings import Settings

MODULE = "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_aws_sdk"
REQUIRES = (
    f"{MODULE}:boto_client_for",
    f"{MODULE}:StateTaskServiceAwsSdk._eval_service_task",
    "localstack.services.stepfunctions.asl.utils.boto_client:_BOTO_CLIENT_CONFIG",
    "localstack.aws.connect:connect_to",
)

# @see STS API reference, AssumeRole, RoleSessionName
LONGEST_NAME = 64


def apply(settings: Settings) -> None:
    import importlib
    from contextvars import ContextVar

    from localstack.aws.connect import connect_to
    from localstack.services.stepfunctions.asl.utils import boto_client
    from localstack.utils.aws.client_types import ServicePrincipal

    module = importlib.import_module(MODULE)
    task = module.StateTaskServiceAwsSdk
    evaluate = task._eval_service_task
    execution: ContextVar[str] = ContextVar("execution")

    def eval_service_task(state, env, *rest, **named):
        name = env.states.context_object.context_object_data["Execution"]["Name"]
        token = execution.set(name)
        try:
            return evaluate(state, env, *rest, **named)
        finally:
            execution.reset(token)

    def boto_client_for(service, region, state_credentials):
        clients = connect_to.with_assumed_role(
            role_arn=state_credentials.role_arn,
            service_principal=ServicePrincipal.states,
            session_name=execution.get()[:LONGEST_NAME],
            region_name=region,
            config=boto_client._BOTO_CLIENT_CONFIG,
        )
        return clients.get_client(service=service)

    task._eval_service_task = eval_service_task
    module.boto_client_for = boto_client_for
