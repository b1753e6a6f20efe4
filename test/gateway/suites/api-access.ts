// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Suite } from '../fixture.ts';
import { signedGet } from '../signed-fetch.ts';

export const apiAccess: Suite = (fixture) =>
  describe('REST APIs in path style', () => {
    const get = (base: string | null, headers: Record<string, string> = {}) =>
      fetch(`${base}/v1/keys`, { headers });

    it('passes the authorizer context to the function', async () => {
      const answer = await get(fixture().stack.info.apiUrl, { authorization: 'Bearer good' });

      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({
        authorizer: { principalId: 'u_alice', groups: 'operators' },
      });
    });

    it('answers 401 when the authorizer refuses the token', async () => {
      expect((await get(fixture().stack.info.apiUrl, { authorization: 'Bearer bad' })).status).toBe(
        401,
      );
    });

    it('answers 403 to an unsigned call where a signature is required', async () => {
      expect((await get(fixture().stack.info.workloadApiUrl)).status).toBe(403);
    });

    it('knows the role of a signed call', async () => {
      const credentials = await fixture().assume(fixture().output('WorkloadRoleOrdersApiArn'));
      const url = `${fixture().stack.info.workloadApiUrl}/v1/keys`;

      const answer = await signedGet(url, { service: 'execute-api', credentials });

      expect(answer.status).toBe(200);
      const { identity } = (await answer.json()) as { identity: { userArn: string } };
      expect(identity.userArn).toMatch(/:assumed-role\/GatewayFixture-Workload.*\/session$/);
    });

    it('answers 403 to a signed call of a role without a grant', async () => {
      const credentials = await fixture().assume(fixture().output('StrangerRoleArn'));
      const url = `${fixture().stack.info.workloadApiUrl}/v1/keys`;

      expect((await signedGet(url, { service: 'execute-api', credentials })).status).toBe(403);
    });
  });
