// SPDX-License-Identifier: Apache-2.0
// What end-to-end tests share: clients of the seeded people and of the workload, keys of their own, and operations
// awaited by their state.
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { inject } from 'vitest';
import type { Client, RequestOf, ResponseOf } from '#client/sdk/index.ts';
import {
  kmsAs,
  personClient,
  workloadClient,
  workloadCredentials,
} from '#scripts/local/story/actors.ts';
import { watch } from '#scripts/local/story/rotation.ts';
import { trustAuthority } from '#scripts/local/tls.ts';
import { until } from '#scripts/local/waiting.ts';

// SDK clients of the test process talk TLS to the stack.
trustAuthority(inject('stack').caFile);

export const WORKLOAD = 'orders-api';
/** The account's root user of the local stage. */
export const ROOT_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

let counter = 0;
/** A key name no other test uses. */
export function freshName(topic: string): string {
  counter += 1;
  return `${topic}-${Date.now().toString(36)}-${counter}`;
}

/** A complete request for a key that the workload may use. */
export function keyRequest(name: string): RequestOf<'createKey'> {
  return {
    name,
    class: 'test',
    owner: 'payments',
    purpose: 'end-to-end test',
    environment: 'development',
    access: [{ principal: inject('stack').roles[WORKLOAD] ?? '', rights: ['encrypt', 'decrypt'] }],
  };
}

export const person = (user: string): Promise<Client> => personClient(inject('stack'), user);

/** The workload with its API client and its direct KMS client. */
export async function workload() {
  const stack = inject('stack');
  const credentials = await workloadCredentials(stack, WORKLOAD);
  return { api: workloadClient(stack, credentials), kms: kmsAs(stack, credentials), credentials };
}

/** Waits for the end of an operation. */
export const ended = (operator: Client, id: string): Promise<ResponseOf<'getOperation'>> =>
  watch(operator, id, () => {});

/** Generates a key and waits until it is active. */
export async function activeKey(operator: Client, topic: string): Promise<string> {
  const name = freshName(topic);
  const { body } = await operator.createKey(keyRequest(name));
  const operation = await ended(operator, body.operationId);
  if (operation.state !== 'done') throw new Error(`${name} was not generated: ${operation.cause}`);
  return name;
}

/** A key with the consumer `silent`, which is to answer by the API, and does not. */
export async function keyWithSilentConsumer(operator: Client, topic: string): Promise<string> {
  const name = await activeKey(operator, topic);
  const body = {
    owner: 'payments',
    contact: 'on-call',
    principal: inject('stack').roles[WORKLOAD] ?? '',
    rights: ['encrypt' as const, 'decrypt' as const],
    kind: 'api' as const,
    acknowledgement: { mode: 'api' as const },
    moved: false,
  };
  const { body: accepted } = await operator.putConsumer({ key: name, consumer: 'silent' }, body);
  const { state, cause } = await ended(operator, accepted.operationId);
  if (state !== 'done') throw new Error(`${name} has no consumer: ${cause}`);
  return name;
}

/** Calls an admin route of the key endpoint. */
export async function faults(method: 'POST' | 'DELETE', fault?: object): Promise<void> {
  const { kmsUrl, adminToken } = inject('stack');
  const answer = await fetch(`${kmsUrl}/_admin/faults`, {
    method,
    headers: { 'content-type': 'application/json', 'x-admin-token': adminToken },
    ...(fault ? { body: JSON.stringify(fault) } : {}),
  });
  if (!answer.ok) throw new Error(`faults: ${answer.status} ${await answer.text()}`);
}

/** Runs a state machine once. @returns how it ended */
export async function ranToEnd(machine: string): Promise<string> {
  const { gatewayUrl, region, stateMachines } = inject('stack');
  const machines = new SFNClient({
    endpoint: gatewayUrl,
    region,
    credentials: ROOT_CREDENTIALS,
  });
  const { executionArn } = await machines.send(
    new StartExecutionCommand({ stateMachineArn: stateMachines[machine], input: '{}' }),
  );
  return until<string>(
    async () => {
      const execution = await machines.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status !== 'RUNNING' && execution.status;
    },
    { timeoutSeconds: 60, what: `${machine} to end` },
  );
}
