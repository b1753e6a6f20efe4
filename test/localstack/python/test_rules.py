# SPDX-License-Identifier: Apache-2.0
"""The pure rules inside the patches: due times, policies of authorizers, definitions, members of resources."""

import json
import os
import sys
import unittest
from datetime import datetime
from types import SimpleNamespace

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
EMULATORS = os.path.join(REPOSITORY, "emulator")
sys.path[0:0] = [os.path.join(EMULATORS, "localstack"), os.path.join(EMULATORS, "launching")]

from keyturn_localstack import cron  # noqa: E402
from keyturn_localstack.patches import (  # noqa: E402
    api_authorizers,
    deleted_machines,
    express_maps,
    rule_input,
    schedule_clock,
    sdk_error_names,
    stack_authorizers,
    stack_keys,
)

SINCE = "2026-11-27T01:30:00+00:00"


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class DueTimes(unittest.TestCase):
    def due(self, expression: str, zone: str = "UTC", since: str = SINCE, has_fired: bool = False):
        return cron.next_due(expression, zone, epoch(since), has_fired)

    def test_cron_goes_by_the_clock_of_its_zone(self):
        self.assertEqual(self.due("cron(30 1 * * ? *)"), epoch("2026-11-28T01:30:00+00:00"))
        self.assertEqual(self.due("cron(0 9 ? * MON-FRI *)", "Europe/Berlin"), epoch("2026-11-27T09:00:00+01:00"))

    def test_days_of_the_week_count_from_sunday(self):
        self.assertEqual(self.due("cron(0 9 ? * 2 *)"), epoch("2026-11-30T09:00:00+00:00"))

    def test_the_nth_weekday_of_a_month(self):
        self.assertEqual(self.due("cron(0 9 ? 1,4,7,10 TUE#2 *)"), epoch("2027-01-12T09:00:00+00:00"))

    def test_the_last_day_of_a_month(self):
        self.assertEqual(self.due("cron(0 9 L * ? *)"), epoch("2026-11-30T09:00:00+00:00"))

    def test_a_year_that_is_over_is_never_due(self):
        self.assertIsNone(self.due("cron(0 9 1 1 ? 2020)"))

    def test_rate_counts_from_the_last_firing(self):
        self.assertEqual(self.due("rate(5 minutes)"), epoch("2026-11-27T01:35:00+00:00"))
        self.assertEqual(self.due("rate(1 hour)"), epoch("2026-11-27T02:30:00+00:00"))

    def test_at_is_due_once_in_its_zone(self):
        self.assertEqual(self.due("at(2026-11-28T10:00:00)", "America/New_York"), epoch("2026-11-28T15:00:00+00:00"))
        self.assertIsNone(self.due("at(2026-11-28T10:00:00)", has_fired=True))
        self.assertTrue(cron.is_once("at(2026-11-28T10:00:00)"))

    def test_what_is_no_expression_is_refused(self):
        with self.assertRaisesRegex(ValueError, "neither at, rate nor cron"):
            self.due("daily")


class Schedules(unittest.TestCase):
    def schedule(self, **members):
        standard = {
            "arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/one",
            "state": "ENABLED",
            "schedule_expression": "rate(1 minute)",
            "schedule_expression_timezone": "UTC",
            "start_date": None,
            "end_date": None,
            "last_modified_date": 1000.0,
            "target": {},
        }
        return SimpleNamespace(**{**standard, **members})

    def setUp(self):
        schedule_clock.last_fired.clear()

    def test_it_is_due_a_period_after_its_last_change_or_firing(self):
        schedule = self.schedule()
        self.assertIsNone(schedule_clock._due(schedule, 1059))
        self.assertEqual(schedule_clock._due(schedule, 1061), 1060)
        schedule_clock.last_fired[schedule.arn] = (schedule_clock._expression(schedule), 1061)
        self.assertIsNone(schedule_clock._due(schedule, 1062))

    def test_a_changed_expression_counts_as_new(self):
        schedule_clock.last_fired[self.schedule().arn] = ("rate(1 hour) UTC", 1061)
        self.assertEqual(schedule_clock._due(self.schedule(), 1062), 1060)

    def test_neither_disabled_nor_outside_its_window(self):
        self.assertIsNone(schedule_clock._due(self.schedule(state="DISABLED"), 2000))
        self.assertIsNone(schedule_clock._due(self.schedule(start_date=3000), 2000))
        self.assertIsNone(schedule_clock._due(self.schedule(end_date=1500), 2000))

    def test_the_input_has_the_context_attributes(self):
        target = {"Input": '{"at":"<aws.scheduler.scheduled-time>","of":"<aws.scheduler.schedule-arn>"}'}
        schedule = self.schedule(target=target)
        filled = json.loads(schedule_clock.filled(schedule, epoch(SINCE)))
        self.assertEqual(filled, {"at": "2026-11-27T01:30:00Z", "of": schedule.arn})
        self.assertEqual(schedule_clock.filled(self.schedule(), 0.0), "{}")


class Authorizers(unittest.TestCase):
    METHOD = "arn:aws:execute-api:us-east-1:000000000000:abc/local/GET/v1/keys"

    def policy(self, *statements):
        return {"Statement": [{"Action": "execute-api:Invoke", "Resource": "*", **one} for one in statements]}

    def test_one_allow_and_no_deny(self):
        allow, deny = {"Effect": "Allow"}, {"Effect": "Deny"}
        self.assertTrue(api_authorizers.allows(self.policy(allow), self.METHOD))
        self.assertFalse(api_authorizers.allows(self.policy(allow, deny), self.METHOD))
        self.assertFalse(api_authorizers.allows(self.policy(deny), self.METHOD))

    def test_only_for_what_the_statement_names(self):
        api = self.METHOD.split("/")[0]
        for resource, expected in ((f"{api}/local/*", True), (f"{api}/other/*", False), (f"{api}/*/GET/v1/keys", True)):
            policy = self.policy({"Effect": "Allow", "Resource": [resource]})
            self.assertEqual(api_authorizers.allows(policy, self.METHOD), expected, resource)
        self.assertFalse(api_authorizers.allows(self.policy({"Effect": "Allow", "Action": "s3:*"}), self.METHOD))


class Definitions(unittest.TestCase):
    def test_only_the_type_of_children_changes(self):
        text = '{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType": "EXPRESS"},"Result":"EXPRESS"}'
        expected = '{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType": "STANDARD"},"Result":"EXPRESS"}'
        self.assertEqual(express_maps.as_standard(text), expected)


class DeletedMachines(unittest.TestCase):
    def test_only_ended_executions_of_the_machine_are_forgotten(self):
        executions = {
            "ended": SimpleNamespace(state_machine_arn="a", exec_status="SUCCEEDED"),
            "goes on": SimpleNamespace(state_machine_arn="a", exec_status="RUNNING"),
            "another's": SimpleNamespace(state_machine_arn="b", exec_status="FAILED"),
        }
        self.assertEqual(deleted_machines.ended_of(executions, "a", "RUNNING"), ["ended"])


class ErrorNames(unittest.TestCase):
    def test_only_the_spelling_of_kms_changes(self):
        self.assertEqual(sdk_error_names.as_spelled("Kms.KMSInternalException"), "Kms.KmsInternalException")
        self.assertEqual(sdk_error_names.as_spelled("Kms.NotFoundException"), "Kms.NotFoundException")


class Rules(unittest.TestCase):
    def test_an_event_names_its_execution_and_a_constant_input_does_not(self):
        self.assertEqual(rule_input.start_of({"id": "one"}), {"name": "one", "input": '{"id": "one"}'})
        first, second = rule_input.start_of({"act": "x"}), rule_input.start_of('{"act":"x"}')
        self.assertEqual(second["input"], '{"act":"x"}')
        self.assertNotEqual(first["name"], second["name"])


class Resources(unittest.TestCase):
    def test_a_key_is_created_with_what_the_template_says(self):
        model = {"KeySpec": "ECC_NIST_P256", "KeyPolicy": {"Version": "x"}, "Tags": [{"Key": "a", "Value": "b"}]}
        self.assertEqual(
            stack_keys.creation(model),
            {"KeySpec": "ECC_NIST_P256", "Policy": '{"Version": "x"}', "Tags": [{"TagKey": "a", "TagValue": "b"}]},
        )
        self.assertTrue(stack_keys.is_true("true") and stack_keys.is_true(True))
        self.assertFalse(stack_keys.is_true(None) or stack_keys.is_true("false"))

    def test_an_authorizer_has_its_time_as_a_number(self):
        model = {"RestApiId": "api", "Type": "TOKEN", "AuthorizerResultTtlInSeconds": "60", "Other": 1}
        expected = {"restApiId": "api", "type": "TOKEN", "authorizerResultTtlInSeconds": 60}
        self.assertEqual(stack_authorizers.members(model), expected)


if __name__ == "__main__":
    unittest.main()
