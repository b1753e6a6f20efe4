// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { detectMisuse, type JudgedUse } from '#core/incidents/detect-misuse.ts';
import { hourOf } from '#core/incidents/volume.ts';
import { later } from '#core/operations/admit-operation.ts';
import { containKey } from '#core/operations/contain-key.ts';
import { keyStream } from '#core/operations/mutate-key.ts';
import type { DetectionRules } from '#core/policies/detection-rules.ts';
import { DETECTION_RULES } from '#policies/detection-rules.ts';
import { PLAYBOOKS } from '#policies/playbooks.ts';
import { ask, execute, vote } from '#test/support/approvals.ts';
import { BILLING, register } from '#test/support/consumers.ts';
import { Simulation } from '#test/support/simulation.ts';
import { begin, GENERATION_STEPS, runSteps, withActiveKey } from '#test/support/steps.ts';
import { ALICE, aWorld, CONSUMER, PERMIT, type World } from '#test/support/world.ts';

const STRANGER = 'arn:aws:iam::000000000000:role/stranger';
const OWN = 'arn:aws:iam::000000000000:role/keyturn-local-use-key';

function rulesFor(suspends: readonly string[]): DetectionRules['rules'] {
  const { rules } = DETECTION_RULES;
  return { ...rules, 'unknown-principal': { ...rules['unknown-principal'], suspends } };
}

describe('detections', () => {
  let world: World;
  let simulation: Simulation;
  let said: readonly string[];
  /** Classes whose keys `unknown-principal` suspends. */
  let suspends: readonly string[];
  let hours: DetectionRules['hours'];
  let caps: Partial<Pick<DetectionRules, 'maxSuspensionsPerHour'>>;
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
    said = await detectMisuse(
      {
        ...world.deps,
        incidents: world.incidents,
        ledger: world.ledger,
        log: world.keyUses,
        playbooks: PLAYBOOKS,
        detections: { ...DETECTION_RULES, rules: rulesFor(suspends), hours, ...caps },
        isOwn: (principal) => principal === OWN,
      },
      uses,
    );
    return said.map((line) => line.split(' ')[0]);
  };

  beforeEach(async () => {
    world = await withActiveKey(await aWorld());
    simulation = new Simulation(world);
    suspends = [];
    hours = {};
    caps = {};
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

  describe('of volume', () => {
    const { factor, floor } = DETECTION_RULES.spike;
    const many = (count: number, patch: Partial<JudgedUse> = {}) =>
      detect(...Array.from({ length: count }, () => use(patch)));
    /** Every hour of some days. */
    const usual = async (days: number, calls: number) => {
      for (let hour = 0; hour < 24 * days; hour += 1) {
        await world.keyUses.addHours([{ key: 'orders', hour: hourOf(world.clock.now()), calls }]);
        world.clock.advance(3600);
      }
    };

    it('find an hour that is far above the busiest of the days before, whoever calls', async () => {
      await usual(3, floor / factor);
      expect(await many(floor - 1, { principal: OWN })).toEqual([]);
      expect(await many(1, { principal: OWN })).toEqual(['volume-spike']);
      expect((await world.incidents.listIncidents())[0]?.title).toContain('far more');
    });

    it('find nothing below the factor, or in a key that has nothing usual yet', async () => {
      await usual(1, 1);
      expect(await many(floor)).toEqual([]);
      await usual(2, floor / factor + 1);
      expect(await many(floor)).toEqual([]);
    });

    it('count what comes late in the hour of the call', async () => {
      await usual(3, floor / factor);
      const yesterday = later(world.clock.now(), -86_400);
      expect(await many(floor / 2)).toEqual([]);
      expect(await many(floor / 2, { at: yesterday })).toEqual([]);
    });
  });

  it('find uses outside of the hours of a class, for classes that have some', async () => {
    expect(await detect(use())).toEqual([]);
    const always = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
    const zone = 'UTC';
    const now = new Date(world.clock.now()).getUTCHours();
    const at = (hour: number) => `${String((now + hour) % 24).padStart(2, '0')}:00`;
    hours = { test: { timeZone: zone, windows: [{ days: [...always], from: at(0), to: at(1) }] } };
    expect(await detect(use())).toEqual([]);
    hours = { test: { timeZone: zone, windows: [{ days: [...always], from: at(2), to: at(3) }] } };
    expect(await detect(use({ outcome: 'refused' }))).toEqual([]);
    expect(await detect(use())).toEqual(['off-hours']);
  });

  it('find who opens data and is no consumer, where a key has some', async () => {
    expect(await detect(use())).toEqual([]);
    await simulation.run('update-access', await register(world), 1);
    expect(await detect(use({ principal: BILLING }), use({ act: 'encrypt' }))).toEqual([]);
    expect(await detect(use())).toEqual(['decrypt-without-consumer']);
  });

  describe('that suspend', () => {
    const auditOf = async () => (await world.store.readAudit(keyStream('orders'), 0, 1000)).records;
    const stranger = () => detect(use({ principal: STRANGER }));

    it('deny the key with the answer, once, and say so', async () => {
      suspends = ['test'];
      await stranger();
      const key = await world.key();
      const audit = await auditOf();
      expect(key.containment).toMatchObject({ kind: 'suspension', by: 'system/detection' });
      expect(key.containment?.reason).toMatch(/^detected: unknown-principal; incident inc_/);
      expect(said[0]).toContain('suspended by op_');
      expect(audit.at(-1)).toMatchObject({
        action: 'key.suspending',
        actor: 'system/detection',
        decision: { effect: 'permit', rule: 'detection/unknown-principal' },
      });
      expect(world.workflows.started.at(-1)).toMatchObject({ kind: 'revoke-key' });
      await stranger();
      expect(await auditOf()).toHaveLength(audit.length);
    });

    it('leave keys of other classes, and protected ones, to people', async () => {
      suspends = ['payment-critical'];
      await stranger();
      expect((await world.key()).containment).toBeUndefined();

      suspends = ['test'];
      world.containmentRules = { ...world.containmentRules, protectedKeys: ['orders'] };
      world.clock.advance(86_400);
      await stranger();
      expect((await world.key()).containment).toBeUndefined();
      expect(said[0]).toContain('not suspended: KeyProtected');
    });

    it('leave alone for the day what people lifted', async () => {
      suspends = ['test'];
      await stranger();
      const operationId = (await world.key()).containment?.operationId ?? '';
      await simulation.run('revoke-key', operationId, 1);
      const approval = await ask(world, 'key.lift-suspension', { key: 'orders' });
      for (const user of ['bob', 'carol']) await vote(world, approval, user);
      const { executedAs } = await execute(world, approval);
      await simulation.run('resume-key', executedAs ?? '', 1);
      expect((await world.key()).containment ?? null).toBeNull();
      await stranger();
      expect((await world.key()).containment ?? null).toBeNull();
    });

    it('stop at the cap of the hour: a thousand forged uses of many keys suspend no more', async () => {
      suspends = ['test'];
      caps = { maxSuspensionsPerHour: 2 };
      const names = ['alpha', 'beta', 'gamma', 'delta'];
      for (const name of names) {
        await world.admitKey({ name, class: 'test' });
        await runSteps(world, await begin(world, name), GENERATION_STEPS);
      }
      for (let index = 0; index < 1000; index += 1)
        await detect(use({ key: names[index % names.length] ?? '', principal: STRANGER }));
      const keys = await Promise.all(names.map((name) => world.key(name)));
      expect(keys.filter(({ containment }) => containment)).toHaveLength(2);
      expect(await world.incidents.listIncidents()).toHaveLength(names.length);
      expect(said[0]).toContain('the cap of the hour');
    });
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
