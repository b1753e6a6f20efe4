# SPDX-License-Identifier: Apache-2.0
"""Keeps the name of an error thrown by a Node function, and names the death of its process.

ministack reports every thrown error as `Runtime.HandlerError`, so no Catch on an own name ever matches. The
worker script now adds `errorType`; the name and the trace are put into the answer as Lambda does. A process that
died in the middle of a call is `Runtime.ExitError`, as on AWS, which a workflow may retry.
"""

import threading

from gateway.contract import replace_text
from gateway.settings import Settings

REQUIRES = (
    "ministack.core.lambda_runtime:_NODEJS_WORKER_SCRIPT",
    "ministack.core.lambda_runtime:Worker.invoke",
    "ministack.services.lambda_svc:_execute_function_warm",
)

THROWN = (
    'error: String(err.message || err), trace: err.stack || ""',
    'error: String(err.message || err), errorType: String(err.name || "Error"), trace: err.stack || ""',
)
THROWN_SYNCHRONOUSLY = (
    'status: "error", error: e.message, trace: e.stack',
    'status: "error", error: e.message, errorType: String(e.name || "Error"), trace: e.stack',
)
DIED = ("Worker process died", "[Errno 32] Broken pipe")


def apply(settings: Settings) -> None:
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    for old, new in (THROWN, THROWN_SYNCHRONOUSLY):
        script = replace_text(script, old, new, __name__)
    lambda_runtime._NODEJS_WORKER_SCRIPT = script

    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm
    last = threading.local()

    def invoke_worker(self, *args, **kwargs):
        # An exception here is never the function's own: its process ended while it started, or under our hands.
        last.answer = {"error": DIED[0]}
        last.answer = invoke(self, *args, **kwargs)
        return last.answer

    def execute_function(func, event, request_id):
        last.answer = None
        result = execute(func, event, request_id)
        if result.get("error") and isinstance(result.get("body"), dict):
            result["body"].update(described(last.answer or {}, request_id))
        return result

    lambda_runtime.Worker.invoke = invoke_worker
    lambda_svc._execute_function_warm = execute_function


def described(answer: dict, request_id: str) -> dict:
    """The members of Lambda's error payload that a worker's answer determines."""
    if answer.get("error") in DIED:
        message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
        return {"errorType": "Runtime.ExitError", "errorMessage": message}
    if answer.get("errorType"):
        trace = [line for line in str(answer.get("trace") or "").split("\n") if line]
        return {"errorType": answer["errorType"], "trace": trace}
    return {}
