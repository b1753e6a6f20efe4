// SPDX-License-Identifier: Apache-2.0
// The real app, with the real handlers, as `cdk synth` runs it: no credentials, no network.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { bundleHandlers } from '../../lib/bundling/bundle-handlers.ts';
import { context, ROOT, stubHandlers } from './stub-app.ts';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-synth-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runApp(values: Record<string, string>) {
  return spawnSync(process.execPath, [join(ROOT, 'bin', 'app.ts')], {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      CDK_OUTDIR: join(folder, 'out'),
      CDK_CONTEXT_JSON: JSON.stringify({
        ...cdkJson.context,
        ...values,
        bundleFolder: join(folder, 'bundles'),
      }),
    },
  });
}

it('synthesizes production without credentials or look-ups', { timeout: 180_000 }, () => {
  const { status, stderr } = runApp(context('production'));

  expect(stderr).not.toMatch(/error/i);
  expect(status).toBe(0);
  const manifest = JSON.parse(readFileSync(join(folder, 'out', 'manifest.json'), 'utf8'));
  expect(manifest.missing ?? []).toEqual([]);
});

it('ends with the wrong setting and its cure', { timeout: 30_000 }, () => {
  const { status, stderr } = runApp({ ...context('production'), account: 'mine' });

  expect(status).not.toBe(0);
  expect(stderr).toContain('must be a 12-digit AWS account id');
});

it('names the handlers that are missing', () => {
  const props = { names: ['no-such-function'], sourceFolder: ROOT, outputFolder: folder };

  expect(() => bundleHandlers(props)).toThrow('no handler for no-such-function');
});

it('bundles the same bytes twice', () => {
  const { folder: sources, remove } = stubHandlers();
  const bundle = (outputFolder: string) => {
    const sourceFolder = join(sources, 'functions');
    bundleHandlers({ names: ['use-key'], sourceFolder, outputFolder });
    return readFileSync(join(outputFolder, 'use-key', 'index.mjs'), 'utf8');
  };

  const [first, second] = [bundle(join(folder, 'a')), bundle(join(folder, 'b'))];

  expect(first).toBe(second);
  expect(readdirSync(join(folder, 'a', 'use-key'))).toEqual(['index.mjs']);
  remove();
});
