# SPDX-License-Identifier: Apache-2.0
"""The pure rules inside the patches: delays, due times, resources, error payloads, limits of a caller."""

import base64
import datetime
import json
import os
import sys
import unittest
from zoneinfo import ZoneInfo

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path[0:0] = [os.path.join(REPOSITORY, "emulator"), os.path.join(REPOSITORY, "emulator", "launching")]

from forwarding.caller import Caller, account_root  # noqa: E402
from gateway import policies  # noqa: E402
from gateway.patches import (  # noqa: E402
    admin_paths,
    cloudhsm_resources,
    event_retries,
    function_errors,
    retry_delays,
    schedule_clock,
    sender_identity,
    target_role,
    task_token_owner,
)


def moment(text: str, zone: str = "UTC") -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


class SenderIdentity(unittest.TestCase):
    @staticmethod
    def sender(service: str = "ses", **params: str):
        return sender_identity.sender_of(service, params, lambda known, name: known.get(name, ""))

    def test_is_the_plain_address_of_what_is_sent(self):
        self.assertEqual(self.sender(Action="SendEmail", Source="Keyturn <a@example.com>"), "a@example.com")
        self.assertEqual(self.sender(Action="SendEmail"), "")

    def test_is_asked_of_nothing_else(self):
        self.assertIsNone(self.sender(Action="SendRawEmail", Source="a@example.com"))
        self.assertIsNone(self.sender("sqs", Action="SendEmail", Source="a@example.com"))

    def test_is_the_identity_that_was_verified(self):
        arn = sender_identity.identity_arn("a@example.com", "example.com", "eu-west-1", "111122223333")
        self.assertEqual(arn, "arn:aws:ses:eu-west-1:111122223333:identity/example.com")
        arn = sender_identity.identity_arn("a@example.com", None, "eu-west-1", "111122223333")
        self.assertEqual(arn, "arn:aws:ses:eu-west-1:111122223333:identity/a@example.com")


class EventOfARule(unittest.TestCase):
    def test_is_the_json_that_the_rule_made(self):
        self.assertEqual(event_retries.event_of('{"name": "x"}'), {"name": "x"})
        self.assertEqual(event_retries.event_of("plain"), {"body": "plain"})
        self.assertEqual(event_retries.event_of(None), {"body": None})


class RetryDelays(unittest.TestCase):
    def test_grow_by_the_rate_and_stop_at_the_maximum(self):
        rule = {"IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10}
        self.assertEqual([retry_delays.delay_seconds(rule, n, 0.5) for n in range(4)], [2, 6, 10, 10])

    def test_jitter_draws_from_zero_to_the_delay(self):
        rule = {"IntervalSeconds": 4, "JitterStrategy": "FULL"}
        self.assertEqual(retry_delays.delay_seconds(rule, 1, 0.25), 2)


class DueTimes(unittest.TestCase):
    def test_at_is_read_in_its_zone_and_due_once(self):
        schedule = {"ScheduleExpression": "at(2026-03-01T09:30:00)", "ScheduleExpressionTimezone": "Asia/Tokyo"}
        due = moment("2026-03-01T00:30:00")
        self.assertEqual(schedule_clock.next_due(schedule, None), due)
        fired = (schedule_clock._expression(schedule), due)
        self.assertIsNone(schedule_clock.next_due(schedule, fired))

    def test_a_changed_at_is_due_again(self):
        before = {"ScheduleExpression": "at(2026-03-01T09:30:00)"}
        after = {"ScheduleExpression": "at(2026-03-02T09:30:00)"}
        fired = (schedule_clock._expression(before), moment("2026-03-01T09:30:00"))
        self.assertEqual(schedule_clock.next_due(after, fired), moment("2026-03-02T09:30:00"))

    def test_cron_keeps_its_wall_clock_over_daylight_saving(self):
        schedule = {"ScheduleExpression": "cron(0 9 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin"}
        fired = (schedule_clock._expression(schedule), moment("2026-03-28T09:00:00", "Europe/Berlin"))
        self.assertEqual(schedule_clock.next_due(schedule, fired), moment("2026-03-29T09:00:00", "Europe/Berlin"))

    def test_rate_counts_from_the_last_firing_else_from_creation(self):
        schedule = {"ScheduleExpression": "rate(5 minutes)", "CreationDate": 1000.0}
        self.assertEqual(schedule_clock.next_due(schedule, None), 1300.0)
        self.assertEqual(schedule_clock.next_due(schedule, (schedule_clock._expression(schedule), 2000.0)), 2300.0)

    def test_nonsense_is_never_due(self):
        self.assertIsNone(schedule_clock.next_due({"ScheduleExpression": "often", "CreationDate": 1.0}, None))


class Resources(unittest.TestCase):
    PREFIX = "arn:aws:cloudhsm:us-east-1:000000000000"

    def test_of_cloudhsm_calls_are_clusters_and_backups(self):
        name = lambda operation, **members: cloudhsm_resources.resource_of(  # noqa: E731
            operation, json.dumps(members).encode(), self.PREFIX
        )
        self.assertEqual(name("CreateHsm", ClusterId="cluster-a"), f"{self.PREFIX}:cluster/cluster-a")
        self.assertEqual(name("DeleteBackup", BackupId="backup-a"), f"{self.PREFIX}:backup/backup-a")
        self.assertEqual(name("TagResource", ResourceId="backup-a"), f"{self.PREFIX}:backup/backup-a")
        self.assertEqual(name("DescribeClusters"), "*")
        self.assertEqual(cloudhsm_resources.resource_of("CreateHsm", b"not json", self.PREFIX), "*")

    def test_owners_of_tokens_are_forgotten_oldest_first(self):
        task_token_owner.owners.clear()
        for number in range(task_token_owner.REMEMBERED + 1):
            task_token_owner.remember(str(number), "arn")
        self.assertNotIn("0", task_token_owner.owners)
        self.assertEqual(len(task_token_owner.owners), task_token_owner.REMEMBERED)

    def test_a_target_of_an_unknown_service_is_refused(self):
        arn = "arn:aws:ecs:us-east-1:000000000000:task/x"
        self.assertIn("no action is known", target_role.refusal("arn:aws:iam::000000000000:role/r", arn, "s"))


class AdminPaths(unittest.TestCase):
    def test_all_but_health_and_signals_are_closed(self):
        for path in ("/", "/key", "/_ministack/health", "/_ministack/cfn-signal/x", "/_ministackery"):
            self.assertTrue(admin_paths.is_open(path), path)
        for path in ("/_ministack", "/_ministack/", "/_ministack/reset", "/_ministack/health/x", "/_localstack/init"):
            self.assertFalse(admin_paths.is_open(path), path)


class ErrorPayloads(unittest.TestCase):
    def test_name_what_was_thrown_or_that_the_process_died(self):
        thrown = {"status": "error", "error": "busy", "errorType": "KeyIsBusy", "trace": "KeyIsBusy: busy\n  at f"}
        self.assertEqual(
            function_errors.described(thrown, "id"),
            {"errorType": "KeyIsBusy", "trace": ["KeyIsBusy: busy", "  at f"]},
        )
        for death in function_errors.DIED:
            self.assertEqual(function_errors.described({"error": death}, "id")["errorType"], "Runtime.ExitError")
        self.assertEqual(function_errors.described({"error": "Task timed out after 3.00 seconds"}, "id"), {})


class Callers(unittest.TestCase):
    def test_travel_as_base64url_json_without_padding(self):
        header = Caller("arn:aws:sts::000000000000:assumed-role/r/s", "000000000000").header()
        self.assertNotIn("=", header)
        members = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
        self.assertEqual((members["isRoot"], members["boundaryPolicies"]), (False, None))
        self.assertTrue(account_root("000000000000").is_root)

    def test_a_boundary_without_document_allows_nothing(self):
        self.assertEqual(policies._boundary({"PermissionsBoundary": "arn:aws:iam::0:policy/gone"}, "0"), [])
        self.assertIsNone(policies._boundary({}, "0"))


if __name__ == "__main__":
    unittest.main()
