# SPDX-License-Identifier: Apache-2.0
"""Functions as processes: real ones of this machine's Node, asked, timed out, crashed, and ended when they idle."""

import json
import os
import shutil
import sys
import tempfile
import unittest
from types import SimpleNamespace

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path[0:0] = [os.path.join(REPOSITORY, "emulator", one) for one in ("localstack", "launching")]

from keyturn_localstack.executor import IdleProcesses, ProcessExecutor  # noqa: E402
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException  # noqa: E402

SOURCE = """
console.log('loaded');
export const handler = async (event, context) => {
  console.log('asked', event.act);
  if (event.act === 'fail') throw Object.assign(new Error('no'), { name: 'KeyInvalid' });
  if (event.act === 'exit') process.exit(3);
  if (event.act === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000));
  if (event.act === 'pid') return process.pid;
  if (event.act === 'large') return 'x'.repeat(1_000_000);
  return { event, request: context.awsRequestId, left: context.getRemainingTimeInMillis(), secret: process.env.OUTER };
};
"""
NODE = shutil.which("node") or "node"


class Functions(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        with open(os.path.join(self.folder, "index.mjs"), "w", encoding="utf-8") as file:
            file.write(SOURCE)
        ProcessExecutor.settings = SimpleNamespace(node=NODE, compile_cache=self.folder, endpoint="", authority="")
        ProcessExecutor.idle = IdleProcesses(2)
        os.environ["OUTER"] = "must not be seen"
        self.addCleanup(os.environ.pop, "OUTER")

    def executor(self, name="one", handler="index.handler", timeout=5):
        code = SimpleNamespace(get_unzipped_code_location=lambda: self.folder)
        config = SimpleNamespace(runtime="nodejs24.x", code=code, timeout=timeout)
        version = SimpleNamespace(config=config, id=SimpleNamespace(qualifier="$LATEST"))
        executor = ProcessExecutor(name, version)
        executor.start({"_HANDLER": handler, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": 512})
        self.addCleanup(executor.stop)
        return executor

    def ask(self, executor, act, request="r-1"):
        result = executor.invoke({"invoke-id": request, "payload": json.dumps({"act": act})})
        return json.loads(result.payload), result

    def test_an_answer_a_log_and_no_variable_of_the_launcher(self):
        body, result = self.ask(self.executor(), "look")
        self.assertEqual(body["event"], {"act": "look"})
        self.assertEqual(body["request"], "r-1")
        self.assertNotIn("secret", body)
        self.assertGreater(body["left"], 4000)
        self.assertFalse(result.is_error)
        self.assertIn("asked look", result.logs)
        self.assertNotIn("loaded", result.logs)

    def test_one_process_answers_again(self):
        executor = self.executor()
        self.assertEqual(self.ask(executor, "pid")[0], self.ask(executor, "pid")[0])

    def test_a_large_answer_arrives_whole(self):
        self.assertEqual(len(self.ask(self.executor(), "large")[0]), 1_000_000)

    def test_an_error_has_its_name(self):
        body, result = self.ask(self.executor(), "fail")
        self.assertTrue(result.is_error)
        self.assertEqual((body["errorType"], body["errorMessage"]), ("KeyInvalid", "no"))

    def test_an_exit_is_an_error_and_the_next_call_a_new_process(self):
        executor = self.executor()
        before = self.ask(executor, "pid")[0]
        body, result = self.ask(executor, "exit")
        self.assertTrue(result.is_error)
        self.assertEqual(body["errorType"], "Runtime.ExitError")
        self.assertNotEqual(self.ask(executor, "pid")[0], before)

    def test_a_function_that_takes_too_long_is_ended(self):
        executor = self.executor(timeout=1)
        pid = self.ask(executor, "pid")[0]
        body, _ = self.ask(executor, "hang")
        self.assertEqual(body["errorType"], "Sandbox.Timedout")
        self.assertIn("Task timed out after 1.00 seconds", body["errorMessage"])
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)

    def test_code_that_cannot_be_loaded_says_why(self):
        for handler, expected in (("gone.handler", "Runtime.ImportModuleError"), ("index.gone", "Runtime.HandlerNotFound")):
            with self.assertRaises(StatusErrorException) as failed:
                self.executor(handler=handler)
            self.assertEqual(json.loads(failed.exception.payload)["errorType"], expected)

    def test_the_longest_idle_process_is_ended_and_comes_back(self):
        first, second, third = (self.executor(name) for name in ("one", "two", "three"))
        self.assertIsNone(first._process)
        self.assertIsNotNone(second._process)
        self.assertEqual(self.ask(first, "look")[0]["event"], {"act": "look"})
        self.assertIsNone(second._process)
        self.assertIsNotNone(third._process)

    def test_stopping_leaves_no_process(self):
        executor = self.executor()
        pid = self.ask(executor, "pid")[0]
        executor.stop()
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)


if __name__ == "__main__":
    unittest.main()
