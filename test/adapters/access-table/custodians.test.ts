// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { TableCustodians } from '#adapters/access-table/custodians.ts';

const PEOPLE = [
  { user: 'bob', sub: 'usr_bob', groups: ['grp_custodians'] },
  { user: 'carol', sub: 'usr_carol', ageRecipient: 'age1carol', groups: ['grp_custodians'] },
  // A name that is somebody else's id.
  { user: 'usr_bob', sub: 'usr_x', ageRecipient: 'age1x', groups: ['grp_owners'] },
  { user: 'dan', sub: 'usr_dan', groups: ['grp_custodians'] },
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

  it('who get shares unless others are named are those of the group who have an age key', async () => {
    expect(await table.holders()).toEqual([
      { sub: 'usr_bob', recipient: 'age1bob' },
      { sub: 'usr_carol', recipient: 'age1carol' },
    ]);
  });

  it('have the key that the deployment gives before the one that is checked in', async () => {
    const given = new TableCustodians(PEOPLE, { carol: { ageRecipient: 'age1new' } });

    expect(await given.custodian('carol')).toEqual({ sub: 'usr_carol', recipient: 'age1new' });
  });
});
