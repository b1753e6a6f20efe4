// SPDX-License-Identifier: Apache-2.0
// What a button carries: which request, and what its reader saw of it. It proves nothing; the vote is checked.
import { z } from 'zod';
import { ApprovalId, Digest } from '#core/contract/approvals.ts';

export interface Subject {
  readonly approvalId: string;
  readonly digest: string;
}

const Parts = z.tuple([ApprovalId, Digest]);

/** Slack takes 2,000 characters; this is 95. */
export function buttonValue({ approvalId, digest }: Subject): string {
  return `${approvalId}:${digest}`;
}

/** Undefined when it is not one of ours. */
export function readButtonValue(value: string): Subject | undefined {
  const { data } = Parts.safeParse(value.split(':'));
  return data && { approvalId: data[0], digest: data[1] };
}
