# SPDX-License-Identifier: Apache-2.0
"""Starts LocalStack with Keyturn's patches, in the foreground: `python launch.py SETTINGS.json`.

LocalStack's own configuration is its environment (GATEWAY_LISTEN, FILESYSTEM_ROOT, ...); see
scripts/local/emulators/localstack.ts. SIGTERM ends it, its DynamoDB and every function process; it keeps nothing.
"""

import os
import sys

# This folder must not be on the path itself under its own name: it would hide the package `localstack`.
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0:1] = [HERE, os.path.join(os.path.dirname(HERE), "launching")]

from keyturn_localstack import settings  # noqa: E402
from keyturn_localstack.release import RELEASE  # noqa: E402
from starting import prepare  # noqa: E402

if __name__ == "__main__":
    prepare("keyturn localstack", RELEASE, "keyturn_localstack.patches", settings.of)
    from localstack.runtime import main as runtime

    runtime.main()
