// SPDX-License-Identifier: Apache-2.0
// The outputs of the deployed stacks, read by naming rule so that a new workflow or workload needs no change here.
import { z } from 'zod';
import type { StackInfo } from './stack-file.ts';

const fileSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** What the outputs determine of the stack file. */
export type DeployedInfo = Pick<
  StackInfo,
  | 'apiUrl'
  | 'workloadApiUrl'
  | 'tableName'
  | 'eventBusName'
  | 'evidenceBucket'
  | 'roles'
  | 'stateMachines'
  | 'schedules'
  | 'outputs'
>;

/** @param file the parsed outputs file of the CDK CLI: stack name, then output name. */
export function readOutputs(file: unknown, gatewayUrl: string): DeployedInfo {
  const outputs = Object.assign({}, ...Object.values(fileSchema.parse(file ?? {}))) as Record<
    string,
    string
  >;
  const stage = outputs['ApiStageName'] ?? 'v1';
  const apiUrl = (id: string | undefined) =>
    id === undefined ? null : apiUrlOf(gatewayUrl, id, stage);
  return {
    apiUrl: apiUrl(outputs['ApiId']),
    workloadApiUrl: apiUrl(outputs['WorkloadApiId']),
    tableName: outputs['TableName'] ?? null,
    eventBusName: outputs['EventBusName'] ?? null,
    evidenceBucket: outputs['EvidenceBucketName'] ?? null,
    roles: named(outputs, /^WorkloadRole(.+)Arn$/),
    stateMachines: named(outputs, /^StateMachine(.+)Arn$/),
    schedules: named(outputs, /^(.+)ScheduleName$/),
    outputs,
  };
}

/** Path style: `*.execute-api.localhost` resolves in browsers and curl, but not in Node or Python. */
export const apiUrlOf = (gatewayUrl: string, id: string, stage: string) =>
  `${gatewayUrl}/_aws/execute-api/${id}/${stage}`;

function named(outputs: Record<string, string>, rule: RegExp): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(outputs)) {
    const match = rule.exec(name)?.[1];
    if (match !== undefined) found[kebabCase(match)] = value;
  }
  return found;
}

/** `RotateKey` → `rotate-key`. */
export function kebabCase(pascalCase: string): string {
  return pascalCase.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}
