# SPDX-License-Identifier: Apache-2.0
"""Forgets the executions of a state machine that is deleted, as Step Functions does once they have ended.

LocalStack keeps them with all that they were evaluated with, and looks through them at each answer to a task: hundreds
of machines that lived for one execution take hundreds of megabytes.
@see localstack/services/stepfunctions/provider.py, delete_state_machine; StateMachine API reference, DeleteStateMachine
"""

from keyturn_localstack.settings import Settings

REQUIRES = (
    "localstack.services.stepfunctions.provider:StepFunctionsProvider.delete_state_machine",
    "localstack.services.stepfunctions.provider:StepFunctionsProvider.get_store",
    "localstack.services.stepfunctions.backend.store:SFNStore",
)


def apply(settings: Settings) -> None:
    from localstack.aws.api.stepfunctions import ExecutionStatus
    from localstack.services.stepfunctions.provider import StepFunctionsProvider as Provider

    delete = Provider.delete_state_machine

    def delete_state_machine(provider, context, state_machine_arn, **more):
        answer = delete(provider, context, state_machine_arn, **more)
        executions = provider.get_store(context).executions
        for arn in ended_of(executions, state_machine_arn, ExecutionStatus.RUNNING):
            executions.pop(arn, None)
        return answer

    Provider.delete_state_machine = delete_state_machine


def ended_of(executions, state_machine_arn, running):
    """ARNs of the executions of a machine that have ended; taken from a copy, for others begin meanwhile."""
    return [
        arn
        for arn, execution in list(executions.items())
        if execution.state_machine_arn == state_machine_arn and execution.exec_status != running
    ]
