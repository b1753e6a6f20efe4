// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { incidentReport } from '#client/cli/incident-report.ts';
import type { ResponseOf } from '#client/sdk/index.ts';
import { PLAYBOOKS } from '#policies/playbooks.ts';
import { example, startApi } from '../fake-api.ts';
import { keyturn, localStack } from '../run-cli.ts';

const ID = 'inc_0123456789abcdef0123456789';
const PATH = `/v1/incidents/${ID}`;
const around = (url: string) => ({ stack: localStack(url), env: { KEYTURN_TOKEN: 't' } });

describe('incident', () => {
  it('open sends the keys that were named', async () => {
    const api = await startApi({ 'POST /v1/incidents': { body: example('Incident') } });
    const line = ['incident', 'open', 'insider', '--title', 'case', '--key', 'a', '--key', 'b'];
    const ran = await keyturn(line, around(api.url));

    expect(ran.code).toBe(0);
    const sent = api.seen.find(({ method }) => method === 'POST');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      type: 'insider',
      title: 'case',
      keys: ['a', 'b'],
    });
  });

  it.each([
    ['note', ['note', ID, 'seen', '--phase', 'isolate'], `POST ${PATH}/notes`],
    ['task', ['task', ID, 'ask', '--phase', 'identify', '--owner', 'olga'], `POST ${PATH}/tasks`],
    ['done', ['done', ID, 't1', '--note', 'asked'], `PUT ${PATH}/tasks/t1`],
    ['drop', ['drop', ID, 't1', '--note', 'none'], `PUT ${PATH}/tasks/t1`],
    ['close', ['close', ID, '--root-cause', 'x', '--follow-up', 'y'], `PUT ${PATH}/closure`],
    ['show', ['show', ID], `GET ${PATH}`],
  ])('%s asks for its route and shows the incident', async (_verb, line, route) => {
    const api = await startApi({ [route]: { body: example('Incident') } });
    const { code, out } = await keyturn(['incident', ...line], around(api.url));

    expect(code).toBe(0);
    expect(out).toContain('key.revoking');
    expect(out).toContain('48211');
  });

  it('list shows each', async () => {
    const body = { items: [example('IncidentSummary')], nextCursor: null };
    const api = await startApi({ 'GET /v1/incidents': { body } });

    expect((await keyturn(['incident', 'list'], around(api.url))).out).toContain(ID);
  });

  it('close asks for root cause and follow-ups', async () => {
    const api = await startApi({});
    expect(
      (await keyturn(['incident', 'close', ID, '--root-cause', 'x'], around(api.url))).code,
    ).toBe(2);
  });

  it('report is a page that shows what people wrote and runs none of it', async () => {
    const hostile = '<script>alert(1)</script>" onload="x';
    const incident = example('Incident', { title: hostile }) as ResponseOf<'getIncident'>;
    const page = incidentReport(incident);
    const api = await startApi({ [`GET ${PATH}`]: { body: incident } });

    expect((await keyturn(['incident', 'report', ID], around(api.url))).out.trim()).toBe(
      page.trim(),
    );
    expect(page).not.toContain('<script');
    expect(page).not.toContain('" onload');
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain("default-src 'none'");
  });
});

describe('playbooks', () => {
  it('name commands that there are', async () => {
    const steps = Object.values(PLAYBOOKS).flat();
    const lines = new Set(steps.flatMap(({ command }) => command ?? []));
    for (const line of lines) {
      const [program = '', noun = '', verb = ''] = line.split(' ');
      expect(program).toBe('keyturn');
      const { code, out } = await keyturn([noun, verb, '--help']);
      expect(code, line).toBe(0);
      expect(out, line).toContain(`keyturn ${noun} ${verb}`);
    }
  });
});
