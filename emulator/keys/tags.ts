// SPDX-License-Identifier: Apache-2.0
// Tags of keys: shape, rules, and AWS's words for breaking them.
import { AwsError } from '../protocol/errors.ts';
import { list, text } from '../protocol/members.ts';
import { required, structure } from '../protocol/shape.ts';

const MAXIMUM_TAGS = 50;
/** @see https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Tags as requests carry them. */
export const tagList = list(
  structure({ TagKey: required(text(1, 128)), TagValue: required(text(0, 256)) }),
);

/** One tag. */
export interface Tag {
  readonly TagKey: string;
  readonly TagValue: string;
}

function tagException(message: string): AwsError {
  return new AwsError('TagException', message);
}

/** Tags after adding these. @throws AwsError TagException */
export function withTags(
  present: Readonly<Record<string, string>>,
  added: readonly Tag[],
): Record<string, string> {
  const names = added.map(({ TagKey }) => TagKey);
  if (names.some((name) => /^aws:/i.test(name))) {
    throw tagException('Tags beginning with aws: are reserved');
  }
  const texts = added.flatMap(({ TagKey, TagValue }) => [TagKey, TagValue]);
  if (!texts.every((item) => ALLOWED.test(item))) {
    throw tagException(
      'Tags must consist of letters, numbers, white space and the characters _ . : / = + - @',
    );
  }
  if (new Set(names).size !== names.length) throw tagException('Duplicate tag keys');
  const tags = {
    ...present,
    ...Object.fromEntries(added.map(({ TagKey, TagValue }) => [TagKey, TagValue])),
  };
  if (Object.keys(tags).length > MAXIMUM_TAGS) throw tagException('Too many tags');
  return tags;
}
