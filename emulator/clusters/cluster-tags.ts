// SPDX-License-Identifier: Apache-2.0
// Tags of clusters: shape and rules.
import { AwsError } from '../protocol/errors.ts';
import { list, text } from '../protocol/members.ts';
import { required, structure } from '../protocol/shape.ts';

const MAXIMUM_TAGS = 50;

/** Tags as CloudHSM requests carry them. */
export const clusterTagList = list(
  structure({ Key: required(text(1, 128)), Value: required(text(0, 256)) }),
  0,
  MAXIMUM_TAGS,
);

/** Tags after adding these. @throws AwsError CloudHsmTagException */
export function withClusterTags(
  present: Readonly<Record<string, string>>,
  added: readonly { readonly Key: string; readonly Value: string }[],
): Record<string, string> {
  const names = added.map(({ Key }) => Key);
  if (new Set(names).size !== names.length) {
    throw new AwsError('CloudHsmTagException', 'Duplicate tag keys');
  }
  const tags = {
    ...present,
    ...Object.fromEntries(added.map(({ Key, Value }) => [Key, Value])),
  };
  if (Object.keys(tags).length <= MAXIMUM_TAGS) return tags;
  throw new AwsError('CloudHsmTagException', 'Too many tags');
}
