// SPDX-License-Identifier: Apache-2.0
// Registering consumers in a world, and running the operation that opens the key to them.
import {
  type Registration,
  registerConsumer,
  removeConsumer,
} from '#core/operations/register-consumer.ts';
import type { Simulation } from './simulation.ts';
import { ALICE, PERMIT, type World } from './world.ts';

export const BILLING = 'arn:aws:iam::444455556666:role/billing';

let requests = 0;
function claim() {
  requests += 1;
  return { scope: `consumer/${requests}`, bodyHash: 'body' };
}

export function aRegistration(patch: Partial<Registration> = {}): Registration {
  return {
    owner: 'olga',
    contact: 'on-call',
    principal: BILLING,
    rights: ['decrypt'],
    kind: 'api',
    acknowledgement: { mode: 'api', waitSeconds: null, url: null },
    boundKeyArn: null,
    moved: false,
    ...patch,
  };
}

const changeOf = (key: string, consumer: string, expectedRevision: number | null) => ({
  key,
  consumer,
  expectedRevision,
  by: ALICE.id,
  decision: PERMIT,
  claim: claim(),
});

/** Registers a consumer, or changes it at the revision that it has. @returns the operation's id */
export async function register(
  world: World,
  name = 'billing',
  patch: Partial<Registration> = {},
  key = 'orders',
): Promise<string> {
  const known = (await world.snapshot(key)).consumers.find((consumer) => consumer.name === name);
  const input = changeOf(key, name, known?.revision ?? null);
  const registration = aRegistration(patch);
  return (await registerConsumer(world.deps, { ...input, registration })).operationId;
}

/** Removes a consumer. @returns the operation's id */
export async function remove(world: World, name = 'billing', key = 'orders'): Promise<string> {
  const known = (await world.snapshot(key)).consumers.find((consumer) => consumer.name === name);
  const input = changeOf(key, name, known?.revision ?? 1);
  return (await removeConsumer(world.deps, input)).operationId;
}

/** Registers and lets the operation run to its end. */
export async function registered(
  simulation: Simulation,
  name = 'billing',
  patch: Partial<Registration> = {},
): Promise<void> {
  await simulation.run('update-access', await register(simulation.world, name, patch), 1);
}
