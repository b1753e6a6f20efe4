// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { detectMisuse, type JudgedUse } from '#core/incidents/detect-misuse.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { DETECTION_RULES } from '#policies/detection-rules.ts';
import { PLAYBOOKS } from '#policies/playbooks.ts';
import { Simulation } from '#test/support/simulation.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const STRANGER = 'arn:aws:iam::000000000000:role/stranger';
const OWN = 'arn:aws:iam::000000000000:role/keyturn-local-use-key';

describe('detections', () => {
  let world: World;
  let simulation: Simulation;
  const use = (patch: Partial<JudgedUse> = {}): JudgedUse => ({
    key: 'orders',
    version: 1,
    principal: CONSUMER,
    act: 'decrypt',
    outcome: 'allowed',
    at: world.clock.now(),
    ...patch,
  });
  const detect = async (...uses: readonly JudgedUse[]) => {
    const raised = await detectMisuse(
      {
        incidents: world.incidents,
        ledger: world.ledger,
        log: world.keyUses,
        clock: world.clock,
        playbooks: PLAYBOOKS,
        detections: DETECTION_RULES,
        isOwn: (principal) => principal === OWN,
      },
      uses,
    );
    return raised.map((line) => line.split(' ')[0]);
  };

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
  });

  it('find nothing in what was planned', async () => {
    expect(await detect(use(), use({ act: 'encrypt' }), use({ principal: OWN }))).toEqual([]);
    expect(await detect(use({ principal: STRANGER, outcome: 'refused' }))).toEqual([]);
    expect(await detect(use({ key: 'not-managed' }))).toEqual([]);
    expect(await world.incidents.listIncidents()).toEqual([]);
  });

  it('open an incident for a principal that nobody registered, which says who and how often', async () => {
    expect(await detect(use({ principal: STRANGER }), use({ principal: STRANGER }))).toEqual([
      'unknown-principal',
    ]);
    const [incident] = await world.incidents.listIncidents();
    expect(incident).toMatchObject({
      type: 'leaked-credential',
      openedBy: 'system/detection',
      keys: ['orders'],
      owners: ['olga'],
    });
    expect(incident?.title).toContain(STRANGER);
    expect(incident?.title).toContain('2 (decrypt allowed)');
    expect(incident?.tasks.length).toBeGreaterThan(0);
  });

  it('open one a day, however often it is told', async () => {
    for (let count = 0; count < 3; count += 1) await detect(use({ principal: STRANGER }));
    expect(await world.incidents.listIncidents()).toHaveLength(1);
    world.clock.advance(86_400);
    await detect(use({ principal: STRANGER }));
    expect(await world.incidents.listIncidents()).toHaveLength(2);
  });

  it('find uses of a stopped version, tried ones too, once it is proven and settled', async () => {
    const { operationId } = await containKey(world.deps, {
      key: 'orders',
      version: 1,
      kind: 'revocation',
      mode: 'locked',
      reason: 'leaked',
      occurredAt: null,
      isEmergency: false,
      by: ALICE.id,
      decision: PERMIT,
      claim: { scope: 'revoke', bodyHash: 'body' },
    });
    expect(await detect(use({ outcome: 'refused' }))).toEqual([]);
    await simulation.run('revoke-key', operationId, 1);
    expect(await detect(use({ outcome: 'refused' }))).toEqual([]);
    world.clock.advance(DETECTION_RULES.settledSeconds + 60);

    expect(await detect(use({ outcome: 'refused' }))).toEqual(['stopped-key-used']);
  });

  it('find encryption under a replaced version, and no decryption', async () => {
    await world.admitRotation();
    await simulation.runStarted();
    world.clock.advance(DETECTION_RULES.settledSeconds + 60);

    expect(await detect(use(), use({ version: 2, act: 'encrypt' }))).toEqual([]);
    expect(await detect(use({ act: 'encrypt', outcome: 'refused' }))).toEqual([]);
    expect(await detect(use({ act: 'encrypt' }))).toEqual(['replaced-version-encrypts']);
  });

  it('find calls that are refused again and again within minutes, in whatever batches', async () => {
    const refused = () => use({ principal: STRANGER, outcome: 'refused' });
    const minute = () => `${world.clock.now().slice(0, 16)}:00.000Z`;
    const tell = async () => {
      const row = { key: 'orders', version: 1, minute: minute(), calls: 1, errors: 1 };
      await world.keyUses.addMinutes([row]);
      return detect(refused());
    };
    for (let count = 1; count < DETECTION_RULES.denials; count += 1)
      expect(await tell()).toEqual([]);
    expect(await tell()).toEqual(['repeated-denials']);
    expect((await world.incidents.listIncidents())[0]?.title).toContain(STRANGER);

    world.clock.advance(DETECTION_RULES.denialSeconds + 60);
    expect(await tell()).toEqual([]);
  });

  it('change no key: a thousand forged uses are one incident', async () => {
    const before = await world.snapshot();
    const forged = Array.from({ length: 1000 }, (_, index) =>
      use({ principal: `${STRANGER}<script>\u202E${index}` }),
    );
    for (let at = 0; at < forged.length; at += 10) await detect(...forged.slice(at, at + 10));

    expect(await world.snapshot()).toEqual(before);
    const incidents = await world.incidents.listIncidents();
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.title).toMatch(/^[\x20-\x7e]{1,400}$/);
  });
});
