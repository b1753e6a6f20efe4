# SPDX-License-Identifier: Apache-2.0
"""The launcher's own settings. They come from a file, because every function process inherits the environment."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the launcher needs beyond LocalStack's environment variables."""

    key_endpoint: str
    """Base URL of the endpoint that answers for KMS and CloudHSM v2."""
    gateway_secret: str
    """Proves to the key endpoint that a caller header was written here."""
    admin_token: str
    """Opens the key endpoint's admin paths, among them its trail."""
    region: str
    account: str
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
    tick_seconds: float
    """How often EventBridge Scheduler looks for due schedules."""
    wait_scale: float
    """Factor on the waits and retry delays of state machines."""


def load(path: str) -> Settings:
    """Reads the settings file; raises KeyError naming a missing member."""
    with open(path, encoding="utf-8") as file:
        raw = json.load(file)
    return Settings(
        key_endpoint=raw["kmsEndpoint"],
        gateway_secret=raw["gatewaySecret"],
        admin_token=raw["adminToken"],
        region=raw["region"],
        account=raw["account"],
        endpoint=raw["endpoint"],
        authority=raw["authority"],
        node=raw["node"],
        compile_cache=raw["compileCache"],
        java=raw["java"],
        dynamodb_library=raw["dynamodbLibrary"],
        function_processes=int(raw["functionProcesses"]),
        tick_seconds=float(raw["tickSeconds"]),
        wait_scale=float(raw["waitScale"]),
    )
