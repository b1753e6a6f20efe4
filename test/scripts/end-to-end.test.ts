// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parts } from '#scripts/test/end-to-end.ts';

it('runs every end-to-end file in one of its two parts, and none in both', () => {
  const [first, second] = parts();
  const files = readdirSync(new URL('../e2e/', import.meta.url))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/e2e/${name}`);

  expect([...first, ...second].toSorted()).toEqual(files.toSorted());
  expect(Math.abs(first.length - second.length)).toBeLessThanOrEqual(1);
});
