// SPDX-License-Identifier: Apache-2.0
// A grant to put policies on roles binds the one policy, as on AWS; and what puts the mass brake on roles, with that grant.
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DetachRolePolicyCommand,
  type IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { IamRoleBrake } from '#adapters/iam/role-brake.ts';
import { describeRoleBrake } from '#test/adapters/contract/role-brake.contract.ts';
import type { Fixture, Suite } from '../fixture.ts';

const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const ACCOUNT = '000000000000';
const unique = (topic: string) => `${topic}-${crypto.randomUUID()}`;

async function aRole(iam: IAMClient, topic: string): Promise<string> {
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: unique(topic),
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      }),
    }),
  );
  return Role?.Arn ?? '';
}

async function aPolicy(iam: IAMClient): Promise<string> {
  const Deny = { Effect: 'Deny', Action: 'kms:Decrypt', Resource: '*' };
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: unique('brake'), PolicyDocument: document(Deny) }),
  );
  return Policy?.Arn ?? '';
}

/** IAM as a role that may put one policy on roles, but for one of them. */
async function narrow(fixture: Fixture, policy: string, kept: string): Promise<IAMClient> {
  const { iam } = fixture.clients();
  const arn = await aRole(iam, 'braking');
  const Action = ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'];
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: arn.split('/').at(-1),
      PolicyName: 'duty',
      PolicyDocument: document(
        {
          ...{ Effect: 'Allow', Action, Resource: `arn:aws:iam::${ACCOUNT}:role/*` },
          Condition: { ArnEquals: { 'iam:PolicyARN': policy } },
        },
        { Effect: 'Deny', Action, Resource: kept },
        { Effect: 'Allow', Action: 'iam:ListEntitiesForPolicy', Resource: policy },
      ),
    }),
  );
  return fixture.clients(await fixture.assume(arn)).iam;
}

export const rolePolicies: Suite = (fixture) => {
  describe('a grant to put a policy on roles', () => {
    let braking: IAMClient;
    let [policy, other, role, kept] = ['', '', '', ''];
    beforeAll(async () => {
      const { iam } = fixture().clients();
      [policy, other] = [await aPolicy(iam), await aPolicy(iam)];
      [role, kept] = [await aRole(iam, 'consumer'), await aRole(iam, 'kept')];
      braking = await narrow(fixture(), policy, kept);
    });
    const put = (PolicyArn: string, arn: string) =>
      braking.send(new AttachRolePolicyCommand({ RoleName: arn.split('/').at(-1), PolicyArn }));
    const denied = { name: expect.stringMatching(/AccessDenied/) };

    it('binds the one policy, to put it on and to take it off', async () => {
      await put(policy, role);
      await expect(put(other, role)).rejects.toMatchObject(denied);
      const RoleName = role.split('/').at(-1);
      const { iam } = fixture().clients();
      await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: other }));
      await expect(
        braking.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: other })),
      ).rejects.toMatchObject(denied);
      await braking.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: policy }));
    });

    it('does not hold for a role that another statement denies', async () => {
      await expect(put(policy, kept)).rejects.toMatchObject(denied);
      const brake = new IamRoleBrake(braking, policy);
      expect(await brake.apply(kept)).toBe('AccessDenied');
      expect(await brake.braked()).toEqual(new Set());
    });
  });

  describeRoleBrake('IamRoleBrake', async () => {
    const { iam } = fixture().clients();
    const policy = await aPolicy(iam);
    const roles = [await aRole(iam, 'Orders-API'), await aRole(iam, 'billing')] as const;
    const brake = new IamRoleBrake(
      await narrow(fixture(), policy, 'arn:aws:iam::0:role/x'),
      policy,
    );
    return { brake, roles, missing: `arn:aws:iam::${ACCOUNT}:role/${unique('gone')}` };
  });
};
