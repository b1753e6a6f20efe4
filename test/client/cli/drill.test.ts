// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const PATH = '/v1/drills';
const ID = 'drl_0003';
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });
const run = (url: string, ...args: string[]) => keyturn(['drill', ...args], around(url));
const DRILL = example('Drill');
const PASSED = { ...DRILL, state: 'passed', causes: [] };
const RUNNING = { ...PASSED, state: 'running', phase: 'list-keys' };

describe('drill run', () => {
  it('begins a drill and says what is waited for; --wait ends with it', async () => {
    const api = await startApi({
      [`POST ${PATH}`]: { body: RUNNING },
      [`GET ${PATH}/${ID}`]: { body: PASSED },
    });
    const ran = await run(api.url, 'run');
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/list the keys of cluster-bcdefghijkl .*keyturn drill keys drl_0003/);
    expect((await run(api.url, 'run', '--wait')).code).toBe(0);
  });
});

describe('drill report', () => {
  it('shows the last drill with its times, keys and custodians, and fails for one that failed', async () => {
    const api = await startApi({
      [`GET ${PATH}`]: { body: { items: [DRILL, PASSED], nextCursor: null } },
      [`GET ${PATH}/${ID}`]: { body: DRILL },
    });
    const ran = await run(api.url, 'report');
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/1 of 412 expected versions are not in the backup/);
    expect(ran.out).toMatch(/recovery in .*2100\.0 s/);
    expect(ran.out).toMatch(/orders v4/);
    expect(ran.out).toMatch(/bob .*480\.0 s/);
    const json = await run(api.url, 'report', ID, '--output', 'json');
    expect(JSON.parse(json.out)).toEqual(DRILL);
    expect((await run(api.url, 'list')).out).toMatch(/drl_0003 .*failed/);
    expect((await run(api.url, 'status', ID)).code).toBe(1);
  });

  it('says so where none was ever run', async () => {
    const api = await startApi({ [`GET ${PATH}`]: { body: { items: [], nextCursor: null } } });
    const ran = await run(api.url, 'report');
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/no drill was ever run here/);
  });
});

describe('drill answer and keys', () => {
  it('answers for who is signed in', async () => {
    const api = await startApi({ [`POST ${PATH}/${ID}/answers`]: { body: RUNNING } });
    expect((await run(api.url, 'answer', ID)).code).toBe(0);
  });

  it('hands in one label a line, of an ARN its id', async () => {
    const api = await startApi({ [`POST ${PATH}/${ID}/keys`]: { body: PASSED } });
    const file = join(mkdtempSync(join(tmpdir(), 'drill-')), 'labels.txt');
    const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
    writeFileSync(file, `arn:aws:kms:eu-west-1:111122223333:key/${id}\r\n\nodd\n`);
    expect((await run(api.url, 'keys', ID, '--file', file)).code).toBe(0);
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ labels: [id, 'odd'] });
    expect((await run(api.url, 'keys', ID, '--file', `${file}.none`)).code).toBe(2);
  });
});
