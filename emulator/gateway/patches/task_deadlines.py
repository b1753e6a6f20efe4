# SPDX-License-Identifier: Apache-2.0
"""Makes heartbeats and path-valued timeouts of tasks work.

ministack ignores HeartbeatSeconds, HeartbeatSecondsPath and TimeoutSecondsPath, so a task that waits for a token
would wait for ever. For callback tasks one watching thread per wait ends it with States.HeartbeatTimeout or
States.Timeout; for other tasks TimeoutSecondsPath becomes the TimeoutSeconds that ministack knows.
"""

import threading
import time
from contextvars import ContextVar, copy_context

from gateway.settings import Settings

REQUIRES = (
    "ministack.services.stepfunctions:_execute_task",
    "ministack.services.stepfunctions:_invoke_with_callback",
    "ministack.services.stepfunctions:_send_task_heartbeat",
    "ministack.services.stepfunctions:_task_tokens",
    "ministack.services.stepfunctions:_resolve_path_or_ctx",
    "ministack.services.stepfunctions:_SFN_WAIT_SCALE",
)

POLL_SECONDS = 0.05

# The input and context object of the task being run, which the callback function is not given.
_scope: ContextVar[tuple] = ContextVar("keyturn_task_scope", default=(None, None))
_last_beat: dict[str, float] = {}


def apply(settings: Settings) -> None:
    from ministack.services import stepfunctions

    execute, callback = stepfunctions._execute_task, stepfunctions._invoke_with_callback
    beat = stepfunctions._send_task_heartbeat

    def execute_task(state, raw_input, execution, context):
        token = _scope.set((raw_input, context))
        try:
            if "TimeoutSecondsPath" in state and ".waitForTaskToken" not in state.get("Resource", ""):
                state = {**state, "TimeoutSeconds": _seconds(state, "TimeoutSeconds")}
            return execute(state, raw_input, execution, context)
        finally:
            _scope.reset(token)

    def invoke_with_callback(resource, data, token, state):
        heartbeat, limit = _seconds(state, "HeartbeatSeconds"), _seconds(state, "TimeoutSeconds")
        untimed = {name: value for name, value in state.items() if name != "TimeoutSeconds"}
        done = threading.Event()
        if heartbeat is not None or limit is not None:
            watch = lambda: _watch(token, heartbeat, limit, done)  # noqa: E731
            threading.Thread(target=copy_context().run, args=(watch,), daemon=True).start()
        try:
            return callback(resource, data, token, untimed)
        finally:
            done.set()
            _last_beat.pop(token, None)

    def send_task_heartbeat(data):
        answer = beat(data)
        if answer[0] == 200:
            _last_beat[data["taskToken"]] = time.monotonic()
        return answer

    stepfunctions._execute_task = execute_task
    stepfunctions._invoke_with_callback = invoke_with_callback
    stepfunctions._send_task_heartbeat = send_task_heartbeat


def _seconds(state: dict, member: str) -> float | None:
    from ministack.services import stepfunctions

    value = state.get(member)
    if value is None and f"{member}Path" in state:
        value = stepfunctions._resolve_path_or_ctx(state[f"{member}Path"], *_scope.get())
    return None if value is None else float(value)


def _watch(token: str, heartbeat: float | None, limit: float | None, done: threading.Event) -> None:
    """Ends the wait for a token when its heartbeat or its time limit has passed."""
    from ministack.services import stepfunctions

    scale, started = stepfunctions._SFN_WAIT_SCALE, time.monotonic()
    while not done.wait(POLL_SECONDS):
        now = time.monotonic()
        if limit is not None and now >= started + limit * scale:
            return end_wait(token, "States.Timeout", "Task timed out waiting for callback")
        if heartbeat is not None and now >= _last_beat.get(token, started) + heartbeat * scale:
            return end_wait(token, "States.HeartbeatTimeout", "Task heartbeat timed out")


def end_wait(token: str | None, error: str, cause: str) -> None:
    """Ends the wait for a token with an error, unless it was answered before."""
    from ministack.services import stepfunctions

    waiting = stepfunctions._task_tokens.get(token)
    if waiting and not waiting["event"].is_set():
        waiting["error"] = {"Error": error, "Cause": cause}
        waiting["event"].set()
