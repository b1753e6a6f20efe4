# SPDX-License-Identifier: Apache-2.0
"""Starts the AWS emulator with Keyturn's patches, in the foreground: `python launch.py SETTINGS.json`.

The emulator's own configuration is its environment (GATEWAY_PORT, AUTH, USE_SSL, STATE_DIR, ...); see
scripts/local/emulators/ministack.ts. SIGTERM stops it cleanly and writes its state.
"""

import os
import sys

# This folder's parent replaces it on the path, so that the package is `gateway` wherever the repository lies; what it
# shares with the other emulator's launcher lies in `launching`.
EMULATORS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[0:1] = [EMULATORS, os.path.join(EMULATORS, "launching")]

from gateway import settings  # noqa: E402
from gateway.contract import RELEASE  # noqa: E402
from starting import prepare  # noqa: E402

if __name__ == "__main__":
    prepare("keyturn gateway", RELEASE, "gateway.patches", settings.of)
    import ministack.app

    ministack.app.main()
