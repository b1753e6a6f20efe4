# SPDX-License-Identifier: Apache-2.0
"""Starts the AWS emulator with Keyturn's patches, in the foreground: `python launch.py SETTINGS.json`.

The emulator's own configuration is its environment (GATEWAY_PORT, AUTH, USE_SSL, STATE_DIR, ...); see
scripts/local/gateway.ts. SIGTERM stops it cleanly and writes its state.
"""

import os
import sys

# This folder's parent replaces it on the path, so that the package is `gateway` wherever the repository lies; what it
# shares with the other emulator's launcher lies in `launching`.
EMULATORS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[0:1] = [EMULATORS, os.path.join(EMULATORS, "launching")]

from gateway import contract, settings  # noqa: E402
from patching import PatchError  # noqa: E402


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise SystemExit("usage: launch.py SETTINGS.json")
    loaded = settings.load(arguments[0])
    try:
        contract.RELEASE.check()
        from gateway import patches

        contract.RELEASE.check_requirements(patches.ALL)
        for patch in patches.ALL:
            patch.apply(loaded)
    except PatchError as error:
        raise SystemExit(f"keyturn gateway: {error}") from None
    # The emulator parses the command line itself.
    sys.argv = sys.argv[:1]
    import ministack.app

    ministack.app.main()


if __name__ == "__main__":
    main(sys.argv[1:])
