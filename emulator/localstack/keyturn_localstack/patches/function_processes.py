# SPDX-License-Identifier: Apache-2.0
"""Runs functions as processes of this machine.

LocalStack runs them in Docker containers and looks its executor up among installed plugins; this folder is not
installed. @see localstack/services/lambda_/invocation/runtime_executor.py, get_runtime_executor
"""

from keyturn_localstack.settings import Settings

REQUIRES = (
    "localstack.services.lambda_.invocation.execution_environment:get_runtime_executor",
    "localstack.services.lambda_.invocation.lambda_models:S3Code.prepare_for_execution",
)


def apply(settings: Settings) -> None:
    from localstack.services.lambda_.invocation import execution_environment, version_manager

    from keyturn_localstack.executor import IdleProcesses, ProcessExecutor

    ProcessExecutor.settings = settings
    ProcessExecutor.idle = IdleProcesses(settings.function_processes)
    for module in (execution_environment, version_manager):
        module.get_runtime_executor = lambda: ProcessExecutor
