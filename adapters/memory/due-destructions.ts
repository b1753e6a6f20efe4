// SPDX-License-Identifier: Apache-2.0
// Which of some versions have a destruction that is due, as the table's index finds them.
import type { Instant, VersionRecord } from '#core/keys/records.ts';

export function dueDestructions(
  versions: readonly VersionRecord[],
  before: Instant,
  limit: number,
): readonly { name: string; version: number }[] {
  return versions
    .flatMap(({ name, version, destruction }) =>
      destruction?.dueAt && destruction.dueAt <= before
        ? [{ name, version, dueAt: destruction.dueAt }]
        : [],
    )
    .sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1))
    .slice(0, limit)
    .map(({ name, version }) => ({ name, version }));
}
