# SPDX-License-Identifier: Apache-2.0
"""Starts DynamoDB Local as Maven Central publishes it.

LocalStack downloads an archive from a distribution of its own, adds an agent that lifts the limit of 20 indexes, and
brings a Java of its own. None of that is needed: the table has few indexes and the Java of the machine will do.
@see localstack/services/dynamodb/server.py, DynamodbServer.do_start_thread
"""

import os

from keyturn_localstack.settings import Settings

REQUIRES = (
    "localstack.services.dynamodb.server:DynamodbServer._create_shell_command",
    "localstack.services.dynamodb.packages:DynamoDBLocalPackageInstaller.install",
    "localstack.services.dynamodb.packages:DynamoDBLocalPackageInstaller.get_java_env_vars",
)

MAIN = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner"


def apply(settings: Settings) -> None:
    from localstack.services.dynamodb.packages import DynamoDBLocalPackageInstaller
    from localstack.services.dynamodb.server import DynamodbServer

    def command(server: DynamodbServer) -> list[str]:
        library = settings.dynamodb_library
        return [
            settings.java,
            f"-Xmx{server.heap_size}",
            f"-Djava.library.path={library}",
            "-classpath",
            os.path.join(library, "*"),
            MAIN,
            "-port",
            str(server.port),
            "-inMemory",
        ]

    DynamodbServer._create_shell_command = command
    DynamoDBLocalPackageInstaller.install = lambda installer, *_: None
    DynamoDBLocalPackageInstaller.get_java_env_vars = lambda installer: {}
