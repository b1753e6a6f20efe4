// SPDX-License-Identifier: Apache-2.0
// Use case: containments of scopes that nobody works on any more go on. Their execution was aborted, or gave up after its
// hours, or its start was lost behind the transaction that denied the scope.
import { attemptOfMinute } from '../keys/naming.ts';
import type { Clock, Workflows } from '../ports/platform.ts';
import type { ScopeContainment, ScopeContainments } from '../ports/scope-containments.ts';
import { later } from './admit-operation.ts';

export interface ResumeScopesDeps {
  readonly scopes: Pick<ScopeContainments, 'listRunning'>;
  readonly workflows: Pick<Workflows, 'start'>;
  readonly clock: Clock;
}

/** Beyond the longest that an execution lets pass between two parts: five minutes of waiting, and the retries of one part. */
const STALLED_SECONDS = 900;

const isStalled = ({ progressedAt, startedAt }: ScopeContainment, now: string) =>
  later(progressedAt ?? startedAt, STALLED_SECONDS) <= now;

/**
 * Starts an execution for each. Should one still run after all, both do the same parts, and each part is done once.
 * @returns how many were started
 */
export async function resumeScopes({
  scopes,
  workflows,
  clock,
}: ResumeScopesDeps): Promise<number> {
  const now = clock.now();
  const stalled = (await scopes.listRunning()).filter((one) => isStalled(one, now));
  // None has the name of an hour, as the API's have.
  const attempt = attemptOfMinute(now);
  for (const { id } of stalled) await workflows.start('contain-scope', id, attempt);
  return stalled.length;
}
