# SPDX-License-Identifier: Apache-2.0
"""How a launcher begins: its settings are read, the emulator's release and what the patches rely on checked, the patches applied.

Settings come from a file, because every function process inherits the environment.
"""

import importlib
import json
import sys
from dataclasses import dataclass
from typing import Callable

from patching import PatchError, Release


@dataclass(frozen=True)
class Settings:
    """What any launcher needs beyond its emulator's environment variables."""

    key_endpoint: str
    """Base URL of the endpoint that answers for KMS and CloudHSM v2."""
    gateway_secret: str
    """Proves to the key endpoint that a caller header was written here."""
    admin_token: str
    """Opens the key endpoint's admin paths, and those of an emulator that has its own."""
    region: str
    account: str
    tick_seconds: float
    """How often EventBridge Scheduler looks for due schedules."""


def members(raw: dict) -> dict:
    """The members of `Settings`; raises KeyError naming a missing one."""
    return {
        "key_endpoint": raw["kmsEndpoint"],
        "gateway_secret": raw["gatewaySecret"],
        "admin_token": raw["adminToken"],
        "region": raw["region"],
        "account": raw["account"],
        "tick_seconds": float(raw["tickSeconds"]),
    }


def prepare(program: str, release: Release, patches: str, settings_of: Callable[[dict], Settings]) -> None:
    """Applies the patches of a package for the settings file of the command line; ends the program with one line when it cannot."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: launch.py SETTINGS.json")
    with open(sys.argv[1], encoding="utf-8") as file:
        loaded = settings_of(json.load(file))
    try:
        release.check()
        # Only now: the patches import the emulator.
        every = importlib.import_module(patches).ALL
        release.check_requirements(every)
        for patch in every:
            patch.apply(loaded)
    except PatchError as error:
        raise SystemExit(f"{program}: {error}") from None
    # The emulator parses the command line itself.
    sys.argv = sys.argv[:1]
