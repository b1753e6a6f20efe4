# SPDX-License-Identifier: Apache-2.0
"""LocalStack's runtime executor for functions, as processes of this machine instead of containers.

LocalStack keeps one executor for each environment and uses it for one invocation at a time. Processes of idle ones
are ended when there are too many; the next invocation starts a new one, which on AWS would be a cold start too.
"""

import json
import threading
from collections import OrderedDict

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from keyturn_localstack.function_process import Ended, FunctionProcess
from keyturn_localstack.settings import Settings

# A cold start beside a full machine; AWS allows 10 s for the init phase and then starts again within the timeout.
INIT_SECONDS = 60


class IdleProcesses:
    """The processes that nobody uses now, the longest idle first; at most `limit` of them stay."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._idle: OrderedDict[str, "ProcessExecutor"] = OrderedDict()

    def put(self, executor: "ProcessExecutor") -> None:
        """An executor is idle now; ends the processes of those that are so for longest, beyond the limit."""
        with self._lock:
            self._idle[executor.id] = executor
            surplus = [self._idle.popitem(last=False)[1] for _ in range(len(self._idle) - self._limit)]
        for one in surplus:
            one.end_process()

    def take(self, executor: "ProcessExecutor") -> None:
        """An executor is used, or gone: its process is no longer this class's to end."""
        with self._lock:
            self._idle.pop(executor.id, None)


class ProcessExecutor(RuntimeExecutor):
    """See the file's head. `settings` and `idle` are set once, before LocalStack makes the first of these."""

    settings: Settings
    idle: IdleProcesses

    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        # Ending for want of room and beginning an invocation are never at once.
        self._lock = threading.Lock()
        self._process: FunctionProcess | None = None
        self._environment: dict[str, str] = {}
        self._last_log = ""

    def start(self, env_vars: dict) -> None:
        config = self.function_version.config
        if not (config.runtime or "").startswith("nodejs"):
            raise RuntimeError(f"functions run as Node processes here, not as {config.runtime}")
        folder = str(config.code.get_unzipped_code_location())
        self._environment = {
            **{name: str(value) for name, value in env_vars.items()},
            "LAMBDA_TASK_ROOT": folder,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": folder,
            "TZ": "UTC",
            "NODE_COMPILE_CACHE": self.settings.compile_cache,
            # LocalStack's own value has no TLS.
            "AWS_ENDPOINT_URL": self.settings.endpoint,
            "NODE_EXTRA_CA_CERTS": self.settings.authority,
        }
        with self._lock:
            self._begin()
        self.idle.put(self)

    def invoke(self, payload: dict) -> InvocationResult:
        request, seconds = payload["invoke-id"], self.function_version.config.timeout
        self.idle.take(self)
        try:
            with self._lock:
                return self._ask(payload, request, seconds)
        finally:
            self.idle.put(self)

    def _ask(self, payload: dict, request: str, seconds: int) -> InvocationResult:
        mark = 0
        try:
            if self._process is None or not self._process.is_alive:
                self._end()
                self._begin()
            mark = self._process.mark()
            answer = self._process.ask({**payload, "timeout": seconds}, seconds)
        except StatusErrorException as failed:
            answer = {"type": "error", "body": failed.payload.decode()}
        except TimeoutError:
            text = f"RequestId: {request} Error: Task timed out after {seconds:.2f} seconds"
            answer = _error("Sandbox.Timedout", text)
        except Ended:
            text = f"RequestId: {request} Error: Runtime exited without providing a reason"
            answer = _error("Runtime.ExitError", text)
        printed = self._process.log_since(mark) if self._process else self._last_log
        if answer.get("isLost"):
            self._end()
        version = self.function_version.id.qualifier
        logs = f"START RequestId: {request} Version: {version}\n{printed}END RequestId: {request}\n"
        return InvocationResult(request, answer["body"].encode(), answer["type"] == "error", logs)

    def _begin(self) -> None:
        folder = self._environment["LAMBDA_TASK_ROOT"]
        self._process = FunctionProcess(self.settings.node, folder, self._environment)
        try:
            ready = self._process.read(INIT_SECONDS)
        except (Ended, TimeoutError):
            ready = _error("Runtime.ExitError", self._process.log_since(0)[-2000:])
        if ready["type"] != "ready":
            self._end()
            raise StatusErrorException("the function's code could not be loaded", payload=ready["body"].encode())

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            self._last_log = process.log_since(0)
            process.end()

    def end_process(self) -> None:
        """Ends an idle process; one that was taken meanwhile is left alone."""
        if self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    def stop(self) -> None:
        self.idle.take(self)
        process = self._process
        # Not under the lock: LocalStack also stops an environment in order to interrupt its invocation.
        if process is not None and process.is_alive:
            process.interrupt()
        with self._lock:
            self._end()

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return ""

    def get_logs(self) -> str:
        process = self._process
        return self._last_log if process is None else process.log_since(0)

    @classmethod
    def prepare_version(cls, function_version) -> None:
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version) -> None:
        if function_version.config.code:
            function_version.config.code.destroy_cached()


def _error(kind: str, text: str) -> dict:
    """An answer in place of a process that will give none any more."""
    return {"type": "error", "isLost": True, "body": json.dumps({"errorType": kind, "errorMessage": text})}
