# SPDX-License-Identifier: Apache-2.0
"""The launcher refuses a LocalStack that its patches were not written for."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from types import SimpleNamespace

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
FOLDER = os.path.join(REPOSITORY, "emulator", "localstack")
sys.path[0:0] = [FOLDER, os.path.join(REPOSITORY, "emulator", "launching")]

from keyturn_localstack import patches  # noqa: E402
from keyturn_localstack.release import RELEASE  # noqa: E402
from patching import PatchError, Release  # noqa: E402

MEMBERS = (
    ("kmsEndpoint", "gatewaySecret", "adminToken", "region", "account", "endpoint", "authority", "node")
    + ("compileCache", "java", "dynamodbLibrary")
)


class Requirements(unittest.TestCase):
    def test_every_patch_says_why_and_where_and_finds_what_it_needs(self):
        for patch in patches.ALL:
            self.assertGreater(len(patch.__doc__ or ""), 80, patch.__name__)
            self.assertTrue(patch.REQUIRES, patch.__name__)
        RELEASE.check()
        RELEASE.check_requirements(patches.ALL)

    def test_every_file_of_the_folder_is_applied_once(self):
        folder = os.path.join(FOLDER, "keyturn_localstack", "patches")
        files = {name[:-3] for name in os.listdir(folder) if name.endswith(".py")}
        applied = [patch.__name__.rsplit(".", 1)[-1] for patch in patches.ALL]
        self.assertEqual(files - {"__init__"}, set(applied))
        self.assertEqual(len(applied), len(set(applied)))

    def test_every_missing_name_is_refused_by_name(self):
        for patch in patches.ALL:
            for requirement in patch.REQUIRES:
                gone = SimpleNamespace(__name__=patch.__name__, REQUIRES=(f"{requirement}_gone",))
                with self.assertRaises(PatchError) as refused:
                    RELEASE.check_requirements([gone])
                self.assertIn(f"{requirement}_gone", str(refused.exception))

    def test_another_release_is_refused(self):
        with self.assertRaisesRegex(PatchError, "localstack-core 4.14.0 is installed, the patches are for 4.13.0"):
            Release("localstack-core", "4.13.0").check()
        with self.assertRaisesRegex(PatchError, "no-such-thing is not installed"):
            Release("no-such-thing", "1").check()

    def test_settings_without_a_member_stop_the_launcher(self):
        with tempfile.TemporaryDirectory() as folder:
            settings = os.path.join(folder, "settings.json")
            with open(settings, "w", encoding="utf-8") as file:
                json.dump({**dict.fromkeys(MEMBERS, "x"), "tickSeconds": 1}, file)
            launcher = os.path.join(FOLDER, "launch.py")
            done = subprocess.run([sys.executable, launcher, settings], capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("functionProcesses", done.stderr)


if __name__ == "__main__":
    unittest.main()
