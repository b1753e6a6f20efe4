# SPDX-License-Identifier: Apache-2.0
"""pytest plugin: points a peer's suite at the emulator and writes what became of each test, a JSON line for each.

The endpoint comes in AWS_ENDPOINT_URL, which boto3 reads itself; KEYTURN_REPORT names the file of results.
"""

import json
import os

import pytest
from botocore.client import BaseClient


class _NoMock:
    """moto's `mock_aws` without its effect: the call goes out to the endpoint."""

    def __call__(self, *functions, **_options):
        return functions[0] if functions else self

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return False

    def start(self, **_options):
        return None

    stop = start


def _leave_out_malformed_policies():
    """moto's tests make keys with the policy "my policy", which AWS refuses: such keys get the default policy."""
    call = BaseClient._make_api_call

    def without_policy(client, operation, request):
        if operation == "CreateKey" and not request.get("Policy", "{").startswith("{"):
            request = {name: value for name, value in request.items() if name != "Policy"}
        return call(client, operation, request)

    BaseClient._make_api_call = without_policy


def pytest_configure():
    if os.environ.get("KEYTURN_NO_MOTO_MOCK"):
        import moto

        moto.mock_aws = _NoMock()
        _leave_out_malformed_policies()


def _outcome(report):
    if report.when == "call":
        return report.outcome
    return "failed" if report.failed else "skipped" if report.skipped else None


class _Results:
    """The worst outcome of a test's phases wins: a teardown that fails fails its test."""

    def __init__(self):
        self.outcomes = {}

    def add(self, test, outcome, text):
        if self.outcomes.get(test, ("passed",))[0] == "passed":
            self.outcomes[test] = (outcome, text)


_results = _Results()


def pytest_collectreport(report):
    if report.failed:
        _results.add(report.nodeid or "collection", "failed", report.longreprtext)


def pytest_runtest_logreport(report):
    outcome = _outcome(report)
    if outcome is not None:
        _results.add(report.nodeid, outcome, report.longreprtext or str(report.longrepr or ""))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    with open(os.environ["KEYTURN_REPORT"], "w", encoding="utf-8") as file:
        for test, (outcome, text) in _results.outcomes.items():
            file.write(json.dumps({"test": test, "outcome": outcome, "text": text[-4000:]}) + "\n")
