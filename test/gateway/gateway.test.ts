// SPDX-License-Identifier: Apache-2.0
// Every gap that the gateway closes, shown closed through the front door. One stack serves all suites; the one that
// restarts it comes last.
import { afterAll, beforeAll } from 'vitest';
import { Fixture } from './fixture.ts';
import { adminPaths } from './suites/admin-paths.ts';
import { apiAccess } from './suites/api-access.ts';
import { eventEntries } from './suites/event-entries.ts';
import { eventRetries } from './suites/event-retries.ts';
import { functionErrors } from './suites/function-errors.ts';
import { keyRoute } from './suites/key-route.ts';
import { restart } from './suites/restart.ts';
import { rolePolicies } from './suites/role-policies.ts';
import { schedules } from './suites/schedules.ts';
import { senderIdentity } from './suites/sender-identity.ts';
import { stackProperties } from './suites/stack-properties.ts';
import { stateMachineRole } from './suites/state-machine-role.ts';
import { taskDeadlines } from './suites/task-deadlines.ts';

let fixture: Fixture;
const replace = (next: Fixture) => {
  fixture = next;
};

beforeAll(async () => replace(await Fixture.start()), 240_000);
afterAll(() => fixture?.stack.stop());

for (const suite of [
  adminPaths,
  apiAccess,
  eventRetries,
  functionErrors,
  keyRoute,
  schedules,
  eventEntries,
  senderIdentity,
  rolePolicies,
  stackProperties,
  stateMachineRole,
  taskDeadlines,
]) {
  suite(() => fixture);
}
restart(() => fixture, replace);
