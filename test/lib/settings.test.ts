// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../core/contract/vocabulary.ts';
import { loadSettings } from '../../lib/config/load-settings.ts';
import { context } from './stub-app.ts';

const load = (values: Record<string, unknown>) => loadSettings((name) => values[name]);

function settingsFile(content: unknown): string {
  const file = join(mkdtempSync(join(tmpdir(), 'keyturn-settings-')), 'settings.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

describe('settings', () => {
  it.each(STAGES)('of stage %s are complete', (stage) => {
    expect(load(context(stage)).stage).toBe(stage);
  });

  it('need a known stage', () => {
    expect(() => load({})).toThrow('name the stage: -c stage=local|test|staging|production');
    expect(() => load({ stage: 'prod' })).toThrow('name the stage');
  });

  it.each([
    [{ account: '12' }, /must be a 12-digit AWS account id/],
    [{ region: 'Ireland' }, /must be an AWS region/],
    [{ settleSeconds: '-1' }, /timings\.settleSeconds/],
    [{ issuerUrl: 'not a url' }, /identity\.issuer/],
    [{ people: 'bob' }, /people/],
    [{ people: '{"bob":{"ageRecipient":"ssh-ed25519"}}' }, /people\.bob\.ageRecipient/],
  ])('refuse %o with the member and the cure', (wrong, message) => {
    expect(() => load({ ...context('production'), ...wrong })).toThrow(message);
  });

  it('of the local stage need an issuer, which only its start knows', () => {
    expect(() => load({ stage: 'local', account: '000000000000', region: 'us-east-1' })).toThrow(
      'the local stage needs -c issuerUrl=URL -c jwksUrl=URL',
    );
  });

  it('take single values from the command line', () => {
    const { timings } = load({ ...context('local'), settleSeconds: '0', bakeSeconds: '0' });

    expect([timings.settleSeconds, timings.bakeSeconds]).toEqual([0, 0]);
  });

  it('take the public keys of people as JSON', () => {
    const people = '{"bob":{"ageRecipient":"age1bob"}}';

    expect(load({ ...context('local'), people }).people).toEqual({
      bob: { ageRecipient: 'age1bob' },
    });
    expect(load(context('local')).people).toEqual({});
  });

  it('take a file over the defaults, and the command line over the file', () => {
    const settings = settingsFile({
      cluster: { subnetIds: ['subnet-0aaaaaaaaaaaaaaaa', 'subnet-0bbbbbbbbbbbbbbbb'] },
      timings: { bakeSeconds: 60, settleSeconds: 60 },
    });

    const loaded = load({ ...context('staging'), settings, bakeSeconds: '5' });

    expect(loaded.cluster.subnetIds).toEqual([
      'subnet-0aaaaaaaaaaaaaaaa',
      'subnet-0bbbbbbbbbbbbbbbb',
    ]);
    expect(loaded.cluster.hsmType).toBe('hsm2m.medium');
    expect(loaded.timings).toMatchObject({ bakeSeconds: 5, settleSeconds: 60 });
  });

  it('refuse a member they do not know, and a file of another stage', () => {
    const unknown = settingsFile({ timings: { bakeMinutes: 1 } });
    const other = settingsFile({ stage: 'test' });

    expect(() => load({ ...context('staging'), settings: unknown })).toThrow(/bakeMinutes/);
    expect(() => load({ ...context('staging'), settings: other })).toThrow('is for stage test');
  });

  it('keep evidence in COMPLIANCE mode in production only', () => {
    const modes = STAGES.map((stage) => load(context(stage)).retention.evidenceMode);

    expect(modes).toEqual(['GOVERNANCE', 'GOVERNANCE', 'GOVERNANCE', 'COMPLIANCE']);
  });
});
