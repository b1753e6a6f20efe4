// SPDX-License-Identifier: Apache-2.0
// The state machines. WORKFLOWS says per file which functions it may invoke and which machines it may start; the
// file's placeholders must name exactly these.
import { join } from 'node:path';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FunctionName } from '../../core/contract/environment.ts';
import type { Settings } from '../config/settings.ts';
import { Workflow } from '../constructs/workflow.ts';
import { type Names, pascalCase, WORKFLOW_NAMES, type WorkflowName } from '../names.ts';
import type { Grant } from '../permissions/grant.ts';
import { provisioningGrants, startGrant } from '../permissions/workflow-grants.ts';
import type { Functions } from './functions-stack.ts';

export interface WorkflowsStackProps extends StackProps {
  readonly settings: Settings;
  readonly names: Names;
  readonly functions: Functions;
  /** Folder of the `*.asl.json` files. */
  readonly workflowFolder: string;
}

interface WorkflowUses {
  readonly functions: readonly FunctionName[];
  readonly starts?: readonly WorkflowName[];
  readonly grants?: (names: Names, cluster: Settings['cluster']) => readonly Grant[];
}

const ROTATION_STEPS: readonly FunctionName[] = [
  'begin-operation',
  'create-version',
  'verify-version',
  'place-alias',
  'apply-policy',
  'complete-operation',
];
const UNDOING: readonly FunctionName[] = ['compensate-operation', 'park-operation'];

/** What each workflow uses; placeholders follow: `${CreateVersionFn}`, `${RotateKeyArn}`. */
const WORKFLOWS: Readonly<Record<WorkflowName, WorkflowUses>> = {
  'provision-key-store': {
    functions: ['record-key-store', 'request-hsm-admin', 'create-key-store'],
    grants: provisioningGrants,
  },
  // The verifier's role alone may open canaries.
  'recover-key-store': { functions: ['recover-key-store', 'request-hsm-admin', 'verify-version'] },
  'generate-key': { functions: [...ROTATION_STEPS, 'make-data-key', ...UNDOING] },
  'adopt-key': {
    functions: [
      ...ROTATION_STEPS.filter((name) => name !== 'create-version'),
      'adopt-version',
      ...UNDOING,
    ],
  },
  'rotate-data-key': { functions: ['make-data-key'], starts: ['undo-operation'] },
  'rotate-key': { functions: ROTATION_STEPS, starts: ['undo-operation'] },
  'undo-operation': { functions: ['apply-policy', ...UNDOING] },
  'update-access': {
    functions: [
      'begin-operation',
      'apply-policy',
      'verify-version',
      'complete-operation',
      'park-operation',
    ],
  },
  'revoke-key': {
    functions: [
      'begin-operation',
      'enforce-containment',
      'verify-version',
      'complete-operation',
      'park-operation',
    ],
    starts: ['rotation-sweep'],
  },
  'contain-scope': { functions: ['enforce-containment'] },
  'resume-key': {
    functions: [
      'begin-operation',
      'apply-policy',
      'verify-version',
      'complete-operation',
      'park-operation',
    ],
    starts: ['rotation-sweep'],
  },
  reencrypt: { functions: ['track-reencryption', 'reencrypt'] },
  'rotation-sweep': {
    functions: ['find-due-rotations', 'track-reencryption', 'sweep-orphans'],
    starts: [
      'rotate-key',
      'rotate-data-key',
      'generate-key',
      'adopt-key',
      'update-access',
      'revoke-key',
      'resume-key',
      'reencrypt',
    ],
  },
  'review-policies': { functions: ['review-policies', 'review-retirements'] },
  'destroy-key': {
    functions: ['tend-destruction', 'remove-version', 'restore-version', 'certify-destruction'],
  },
  approve: { functions: ['open-ballot', 'tend-approval', 'execute-approved'] },
};

/** See the file's head. */
export class WorkflowsStack extends Stack {
  constructor(scope: Construct, id: string, props: WorkflowsStackProps) {
    super(scope, id, props);
    for (const name of WORKFLOW_NAMES) this.#add(name, props);
  }

  #add(name: WorkflowName, { names, settings, functions, workflowFolder }: WorkflowsStackProps) {
    const { functions: used, starts = [], grants = () => [] } = WORKFLOWS[name];
    const { stateMachine } = new Workflow(this, pascalCase(name), {
      name,
      file: join(workflowFolder, `${name}.asl.json`),
      settings,
      names,
      functions: Object.fromEntries(used.map((one) => [`${pascalCase(one)}Fn`, functions[one]])),
      values: Object.fromEntries(
        starts.map((one) => [`${pascalCase(one)}Arn`, names.stateMachineArn(one)]),
      ),
      grants: [
        ...startGrant(starts.map((one) => names.stateMachineArn(one))),
        ...grants(names, settings.cluster),
      ],
    });
    new CfnOutput(this, `StateMachine${pascalCase(name)}Arn`, {
      value: stateMachine.stateMachineArn,
    });
  }
}
