# SPDX-License-Identifier: Apache-2.0
"""The launcher refuses an emulator that its patches were not written for."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from types import SimpleNamespace

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
GATEWAY = os.path.join(REPOSITORY, "emulator", "gateway")
sys.path[0:0] = [os.path.dirname(GATEWAY), os.path.join(os.path.dirname(GATEWAY), "launching")]

from gateway import contract, patches  # noqa: E402
from patching import PatchError  # noqa: E402


class Requirements(unittest.TestCase):
    def test_every_patch_says_why_and_finds_what_it_needs(self):
        for patch in patches.ALL:
            self.assertGreater(len(patch.__doc__ or ""), 80, patch.__name__)
            self.assertTrue(patch.REQUIRES, patch.__name__)
        contract.RELEASE.check()
        contract.RELEASE.check_requirements(patches.ALL)

    def test_every_file_of_the_folder_is_applied_once(self):
        files = {name[:-3] for name in os.listdir(os.path.join(GATEWAY, "patches")) if name.endswith(".py")}
        applied = [patch.__name__.rsplit(".", 1)[-1] for patch in patches.ALL]
        self.assertEqual(files - {"__init__", "after_deploy"}, set(applied))
        self.assertEqual(len(applied), len(set(applied)))

    def test_every_missing_name_is_refused_by_name(self):
        for patch in patches.ALL:
            for requirement in patch.REQUIRES:
                gone = SimpleNamespace(__name__=patch.__name__, REQUIRES=(f"{requirement}_gone",))
                with self.assertRaises(PatchError) as refused:
                    contract.RELEASE.check_requirements([gone])
                self.assertIn(patch.__name__, str(refused.exception))
                self.assertIn(f"{requirement}_gone", str(refused.exception))

    def test_a_missing_module_is_refused(self):
        with self.assertRaisesRegex(PatchError, "needs the module ministack.no_such"):
            contract.RELEASE.resolve("ministack.no_such:name", "patch")

    def test_text_must_occur_exactly_once(self):
        self.assertEqual(contract.replace_text("a b c", "b", "x", "patch"), "a x c")
        for text in ("a c", "b b"):
            with self.assertRaisesRegex(PatchError, "expected one occurrence"):
                contract.replace_text(text, "b", "x", "patch")

    def test_a_resource_type_without_handler_is_refused(self):
        with self.assertRaisesRegex(PatchError, "AWS::No::Such"):
            contract.handlers_of(("AWS::No::Such",), "patch")

    def test_another_release_stops_the_launcher_with_one_line(self):
        with tempfile.TemporaryDirectory() as folder:
            settings = os.path.join(folder, "settings.json")
            members = dict.fromkeys(("kmsEndpoint", "gatewaySecret", "adminToken", "region", "account"), "x")
            with open(settings, "w", encoding="utf-8") as file:
                json.dump({**members, "tickSeconds": 1}, file)
            program = (
                "import runpy, sys, importlib.metadata as m; m.version = lambda name: '1.5.34'; "
                f"sys.argv = ['launch.py', {settings!r}]; runpy.run_path({os.path.join(GATEWAY, 'launch.py')!r}, "
                "run_name='__main__')"
            )
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stderr.strip(), "keyturn gateway: ministack 1.5.34 is installed, the patches are for 1.5.33"
        )


if __name__ == "__main__":
    unittest.main()
