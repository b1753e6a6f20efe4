# SPDX-License-Identifier: Apache-2.0
"""The launcher's own settings. They come from a file, because every function process inherits the environment."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the launcher needs beyond the emulator's environment variables."""

    key_endpoint: str
    """Base URL of the endpoint that answers for KMS and CloudHSM v2."""
    gateway_secret: str
    """Proves to the key endpoint that a caller header was written here."""
    admin_token: str
    """Opens the emulator's own `/_ministack/` paths."""
    region: str
    account: str
    tick_seconds: float
    """How often EventBridge Scheduler looks for due schedules."""


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
        tick_seconds=float(raw["tickSeconds"]),
    )
