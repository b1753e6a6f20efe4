// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { TableCustodians } from '#adapters/access-table/custodians.ts';

const PEOPLE = [
  { user: 'bob', sub: 'usr_bob' },
  { user: 'carol', sub: 'usr_carol', ageRecipient: 'age1carol' },
  // A name that is somebody else's id.
  { user: 'usr_bob', sub: 'usr_x', ageRecipient: 'age1x' },
  { user: 'dan', sub: 'usr_dan' },
];
const table = new TableCustodians(PEOPLE, {
  bob: { ageRecipient: 'age1bob' },
  mallory: { ageRecipient: 'age1mallory' },
});

describe('custodians', () => {
  it.each([
    ['bob', { sub: 'usr_bob', recipient: 'age1bob' }],
    ['carol', { sub: 'usr_carol', recipient: 'age1carol' }],
    ['usr_carol', { sub: 'usr_carol', recipient: 'age1carol' }],
    ['usr_bob', { sub: 'usr_x', recipient: 'age1x' }],
    ['dan', null],
    ['mallory', null],
    ['toString', null],
  ])('%s is %j', async (name, expected) => {
    expect(await table.custodian(name)).toEqual(expected);
  });

  it('have the key that the deployment gives before the one that is checked in', async () => {
    const given = new TableCustodians(PEOPLE, { carol: { ageRecipient: 'age1new' } });

    expect(await given.custodian('carol')).toEqual({ sub: 'usr_carol', recipient: 'age1new' });
  });
});
