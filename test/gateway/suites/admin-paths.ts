// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Suite } from '../fixture.ts';

export const adminPaths: Suite = (fixture) =>
  describe('admin paths', () => {
    const status = async (path: string, init?: RequestInit) =>
      (await fetch(`${fixture().stack.info.gatewayUrl}${path}`, init)).status;

    it('leaves health open', async () => {
      expect(await status('/_ministack/health')).toBe(200);
    });

    it.each([
      '/_ministack/reset',
      '/_ministack/config',
      '/_ministack/ses/messages',
      '/_localstack/health',
    ])('answers 404 on %s without the token', async (path) => {
      expect(await status(path, { method: 'POST' })).toBe(404);
      expect(await status(path, { headers: { 'x-admin-token': 'guess' } })).toBe(404);
    });

    it('lets the holder of the token in', async () => {
      const headers = { 'x-admin-token': fixture().stack.info.adminToken };

      expect(await status('/_ministack/ses/messages', { headers })).toBe(200);
    });
  });
