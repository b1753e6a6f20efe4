# SPDX-License-Identifier: Apache-2.0
"""The launcher's own settings: those that any launcher has, and what functions and DynamoDB need here."""

from dataclasses import dataclass

import starting


@dataclass(frozen=True)
class Settings(starting.Settings):
    """What the launcher needs beyond LocalStack's environment variables."""

    endpoint: str
    """Base URL under which functions call AWS."""
    authority: str
    """File with the certificate authority that they trust."""
    node: str
    """The Node that runs functions."""
    compile_cache: str
    """Where Node keeps compiled functions between processes."""
    java: str
    dynamodb_library: str
    """Folder with DynamoDB Local and what it needs, as Maven Central has them."""
    function_processes: int
    """How many processes of idle functions may stay; each takes about 70 MB."""
    wait_scale: float
    """Factor on the waits and retry delays of state machines."""


def of(raw: dict) -> Settings:
    """The settings of a parsed file; raises KeyError naming a missing member."""
    return Settings(
        **starting.members(raw),
        endpoint=raw["endpoint"],
        authority=raw["authority"],
        node=raw["node"],
        compile_cache=raw["compileCache"],
        java=raw["java"],
        dynamodb_library=raw["dynamodbLibrary"],
        function_processes=int(raw["functionProcesses"]),
        wait_scale=float(raw["waitScale"]),
    )
