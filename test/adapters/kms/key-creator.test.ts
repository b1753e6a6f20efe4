// SPDX-License-Identifier: Apache-2.0
// The look for keys whose record was lost, in an account with many keys: it ends, and reads nothing twice. What it finds
// is the vault contract's matter.
import {
  DescribeKeyCommand,
  KMSClient,
  ListKeysCommand,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms';
import { beforeEach, describe, expect, it } from 'vitest';
import { KmsKeyCreator, TAGS, toTags } from '#adapters/kms/key-creator.ts';
import { POLICY_SITE } from '#test/support/world.ts';

const PROVENANCE = { stage: 'local', name: 'orders', version: 2, operationId: 'op_1' };
const RECORDED = toTags({ ...PROVENANCE, operationId: 'op_0', version: 1 }, true);
const FOREIGN = [{ TagKey: 'team', TagValue: 'billing' }];
const PAGE = 100;

type Tags = readonly { readonly TagKey: string; readonly TagValue: string }[];
let keys: Tags[];
let listed: number;
let read: number;

/** Answers as KMS does, a page of 100 keys at a time. */
function answerTo(command: unknown): unknown {
  if (command instanceof ListKeysCommand) {
    listed += 1;
    const from = Number(command.input.Marker ?? 0);
    const ids = keys.map((_, index) => ({ KeyId: `key-${index}` }));
    const isTruncated = from + PAGE < ids.length;
    return {
      Keys: ids.slice(from, from + PAGE),
      Truncated: isTruncated,
      ...(isTruncated ? { NextMarker: String(from + PAGE) } : {}),
    };
  }
  if (command instanceof ListResourceTagsCommand) {
    read += 1;
    return { Tags: keys[Number(command.input.KeyId?.slice(4))] };
  }
  if (!(command instanceof DescribeKeyCommand)) throw new Error('no other call is expected');
  const { KeyId = '' } = command.input;
  const Arn = `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`;
  return { KeyMetadata: { KeyId, Arn, KeyState: 'Enabled', CreationDate: new Date(0) } };
}

function creator(lookMilliseconds?: number): KmsKeyCreator {
  const client = new KMSClient({ region: 'us-east-1' });
  client.send = async (command: unknown) => answerTo(command) as never;
  return new KmsKeyCreator(client, POLICY_SITE, lookMilliseconds);
}

beforeEach(() => {
  keys = Array.from({ length: 450 }, (_, index) => (index % 2 === 0 ? RECORDED : FOREIGN));
  listed = 0;
  read = 0;
});

describe('the look for a key whose record was lost', () => {
  it('finds it among those of others, whatever page it is on', async () => {
    keys[431] = toTags(PROVENANCE, false);

    expect(await creator().findUnrecorded(PROVENANCE)).toMatchObject([{ keyId: 'key-431' }]);
  });

  it('reads the tags of a key that can never be one only once', async () => {
    keys[7] = [];
    keys[8] = toTags({ ...PROVENANCE, operationId: 'op_other' }, false);
    const looker = creator();
    await looker.findUnrecorded(PROVENANCE);
    expect(read).toBe(450);

    await looker.findUnrecorded(PROVENANCE);
    expect(read).toBe(452);
  });

  it('sees a key that is marked as recorded later, and one whose tags come late', async () => {
    keys[7] = [];
    const looker = creator();
    expect(await looker.findUnrecorded(PROVENANCE)).toEqual([]);
    keys[7] = toTags(PROVENANCE, false);
    expect(await looker.findUnrecorded(PROVENANCE)).toMatchObject([{ keyId: 'key-7' }]);
    keys[7] = keys[7].map((tag) =>
      tag.TagKey === TAGS.recorded ? { ...tag, TagValue: 'true' } : tag,
    );
    expect(await looker.findUnrecorded(PROVENANCE)).toEqual([]);
  });

  it('ends when its time is over, with what it has found by then', async () => {
    keys[3] = toTags(PROVENANCE, false);
    keys[431] = toTags(PROVENANCE, false);

    expect(await creator(0).findUnrecorded(PROVENANCE)).toMatchObject([{ keyId: 'key-3' }]);
    expect(listed).toBe(1);
  });
});
