// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '#core/contract/routes.ts';

const page = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');

describe('docs/api.md', () => {
  it('lists exactly the routes of the route table', () => {
    const listed = [...page.matchAll(/^\| `([A-Z]+ \/v1[^`]*)` \|.*\| (\d{3})/gm)].map(
      ([, route, status]) => `${route} ${status}`,
    );

    expect(listed).toEqual(
      Object.values(ROUTES).map(({ method, path, status }) => `${method} ${path} ${status}`),
    );
  });
});
