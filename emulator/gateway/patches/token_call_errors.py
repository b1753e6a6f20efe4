# SPDX-License-Identifier: Apache-2.0
"""Lets a function that fails while it hands on a task token fail its task.

On AWS the error of the call ends the wait, so that Retry and Catch see it. ministack drops it, and the task waits for
an answer that nobody was asked for, until its time limit.
"""

from contextvars import ContextVar

from gateway.patches.task_deadlines import end_wait
from gateway.settings import Settings

REQUIRES = (
    "ministack.services.stepfunctions:_ExecutionError",
    "ministack.services.stepfunctions:_call_lambda",
    "ministack.services.stepfunctions:_invoke_with_callback",
)

# The token that the call is made to hand on; None for calls that are waited for.
_token: ContextVar[str | None] = ContextVar("keyturn_handed_token", default=None)


def apply(settings: Settings) -> None:
    from ministack.services import stepfunctions

    callback, call = stepfunctions._invoke_with_callback, stepfunctions._call_lambda

    def invoke_with_callback(resource, data, token, state):
        # Only a function's own call: what other executions call in its course hands on no token.
        scope = _token.set(token if ":lambda:" in resource else None)
        try:
            return callback(resource, data, token, state)
        finally:
            _token.reset(scope)

    def call_lambda(func_ref, event):
        try:
            return call(func_ref, event)
        except stepfunctions._ExecutionError as error:
            end_wait(_token.get(), error.error, error.cause)
            raise

    stepfunctions._invoke_with_callback = invoke_with_callback
    stepfunctions._call_lambda = call_lambda
