// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { environmentSchema, FUNCTION_NAMES, roleName } from '#core/contract/environment.ts';

const BASE = { STAGE: 'local', TABLE_NAME: 'keyturn-local', ACCOUNT_ID: '000000000000' };

describe('the environment of a function', () => {
  it.each(FUNCTION_NAMES)('of %s needs stage, table and account', (name) => {
    for (const member of Object.keys(BASE)) {
      const { error } = environmentSchema(name).safeParse({ ...BASE, [member]: undefined });
      expect(error?.issues.map(({ path }) => path.join('.'))).toContain(member);
    }
  });

  it.each(['', 'ten', '-1', '1.5'])('refuses "%s" as a number of seconds', (value) => {
    const schema = environmentSchema('park-operation');

    expect(schema.safeParse({ ...BASE, RETRY_AFTER_SECONDS: '300' }).success).toBe(true);
    expect(schema.safeParse({ ...BASE, RETRY_AFTER_SECONDS: value }).success).toBe(false);
  });

  it('reads environments that are served from a list', () => {
    const schema = environmentSchema('change-keys').pick({ ENVIRONMENTS_SERVED: true });

    expect(schema.parse({ ENVIRONMENTS_SERVED: 'staging,production' })).toEqual({
      ENVIRONMENTS_SERVED: ['staging', 'production'],
    });
    expect(() => schema.parse({ ENVIRONMENTS_SERVED: 'staging, moon' })).toThrow();
  });
});

describe('the role of a function', () => {
  it('has a name of stage and function that IAM takes', () => {
    expect(roleName('local', 'create-version')).toBe('keyturn-local-create-version');
    for (const name of FUNCTION_NAMES)
      expect(roleName('production', name)).toMatch(/^[\w-]{1,64}$/);
  });
});
