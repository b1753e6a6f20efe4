# SPDX-License-Identifier: Apache-2.0
"""Starts LocalStack with Keyturn's patches, in the foreground: `python launch.py SETTINGS.json`.

LocalStack's own configuration is its environment (GATEWAY_LISTEN, FILESYSTEM_ROOT, ...); see
scripts/local/localstack.ts. SIGTERM ends it, its DynamoDB and every function process; it keeps nothing.
"""

import os
import sys

# This folder must not be on the path itself under its own name: it would hide the package `localstack`.
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0:1] = [HERE, os.path.join(os.path.dirname(HERE), "launching")]

from keyturn_localstack import settings  # noqa: E402
from patching import PatchError  # noqa: E402


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise SystemExit("usage: launch.py SETTINGS.json")
    loaded = settings.load(arguments[0])
    try:
        from keyturn_localstack import patches

        patches.RELEASE.check()
        patches.RELEASE.check_requirements(patches.ALL)
        for patch in patches.ALL:
            patch.apply(loaded)
    except PatchError as error:
        raise SystemExit(f"keyturn localstack: {error}") from None
    # LocalStack parses the command line itself.
    sys.argv = sys.argv[:1]
    from localstack.runtime import main as runtime

    runtime.main()


if __name__ == "__main__":
    main(sys.argv[1:])
