// SPDX-License-Identifier: Apache-2.0
// Keys of imported material, made and rotated by their workflows: each version's material is in escrow by itself.
import { describe, expect, it } from 'vitest';
import { shareIn } from '#core/escrow/open-share.ts';
import type { EscrowSetRecord } from '#core/escrow/records.ts';
import { escrowedMaterial } from '#core/operations/escrowed-material.ts';
import type { CustodianDirectory } from '#core/ports/custodians.ts';
import type { MaterialImporter } from '#core/ports/escrow.ts';
import { ESCROW, type Holder, holders } from '#test/support/escrow.ts';
import { Simulation } from '#test/support/simulation.ts';
import { aWorld, type World } from '#test/support/world.ts';

const EXTERNAL = { origin: 'EXTERNAL' as const };

/** Everybody in a list has an age key, and nobody else. */
function directoryOf(people: () => readonly Holder[]): CustodianDirectory {
  const all = () => people().map(({ sub, recipient }) => ({ sub, recipient }));
  return {
    custodian: async (name) => all().find(({ sub }) => sub === name) ?? null,
    holders: async () => all(),
  };
}

/** A world whose keys of origin EXTERNAL are in escrow with the people of `present`. */
async function aWorldWith(present: readonly Holder[]) {
  const world = await aWorld();
  const state = { present, imported: new Map<string, Uint8Array>() };
  const { ports } = world;
  const importer: MaterialImporter = {
    importMaterial: async (keyId, material, expiresAt) => {
      state.imported.set(keyId, Uint8Array.from(material));
      await ports.importMaterial(keyId, material, expiresAt);
    },
    hasMaterial: (keyId) => ports.hasMaterial(keyId),
    expiryOf: (keyId) => ports.expiryOf(keyId),
  };
  world.material = escrowedMaterial({
    ...world.deps,
    ...ESCROW,
    importer,
    custodians: directoryOf(() => state.present),
  });
  const simulation = new Simulation(world);
  const run = async (start: Promise<string>) => {
    await start;
    await simulation.runStarted();
  };
  return { world, state, run };
}

async function setsOf(world: World): Promise<readonly EscrowSetRecord[]> {
  return (await world.snapshot()).escrow.sets;
}
const subs = (set: EscrowSetRecord | undefined) => set?.custodians.map(({ sub }) => sub);

describe('a key of imported material', () => {
  it('is in escrow by the quorum of its class when nobody is named', async () => {
    const { world, run } = await aWorldWith(await holders(4));
    await run(world.admitKey(EXTERNAL));

    const [set, ...others] = await setsOf(world);
    expect(others).toEqual([]);
    expect(set).toMatchObject({ version: 1, state: 'active', required: 2, total: 3 });
    expect(subs(set)).toEqual(['usr_bob', 'usr_carol', 'usr_dan']);
    expect(set?.keyId).toBe((await world.version(1)).keyId);
  });

  it('is in escrow with whom it names, each version anew', async () => {
    const present = await holders(5);
    const { world, run } = await aWorldWith(present);
    const escrow = { required: 2, custodians: ['usr_dan', 'usr_frank'] };
    await run(world.admitKey({ ...EXTERNAL, escrow }));
    await run(world.admitRotation());

    const sets = await setsOf(world);
    expect(sets.map(({ version, state }) => [version, state])).toEqual([
      [1, 'active'],
      [2, 'active'],
    ]);
    expect(sets.map(subs)).toEqual([escrow.custodians, escrow.custodians]);
    expect(sets[0]?.setId).not.toBe(sets[1]?.setId);
    expect(sets[0]?.checkValue).not.toBe(sets[1]?.checkValue);
  });

  it('gives whoever left no share of the next version', async () => {
    const present = await holders(4);
    const { world, state, run } = await aWorldWith(present);
    const escrow = { required: 2, custodians: ['usr_bob', 'usr_carol', 'usr_dan'] };
    await run(world.admitKey({ ...EXTERNAL, escrow }));
    state.present = present.slice(1);
    await run(world.admitRotation());

    expect(subs((await setsOf(world)).at(-1))).toEqual(['usr_carol', 'usr_dan']);
  });

  it('does not rotate into material that too few are left to hold', async () => {
    const present = await holders(3);
    const { world, state, run } = await aWorldWith(present);
    const escrow = { required: 2, custodians: ['usr_bob', 'usr_carol'] };
    await run(world.admitKey({ ...EXTERNAL, escrow }));
    state.present = present.slice(1);
    await run(world.admitRotation());

    expect(await world.key()).toMatchObject({ state: 'active', currentVersion: 1 });
    expect(await setsOf(world)).toHaveLength(1);
  });

  it('has material that nobody keeps where too few have an age key', async () => {
    const { world, run } = await aWorldWith(await holders(2));
    await run(world.admitKey(EXTERNAL));

    expect(await world.key()).toMatchObject({ state: 'active' });
    expect(await setsOf(world)).toEqual([]);
  });

  it('is rebuilt, of its own shares, into the material that the vault has', async () => {
    const present = await holders(3);
    const { world, state, run } = await aWorldWith(present);
    await run(world.admitKey(EXTERNAL));
    const [set] = await setsOf(world);
    const envelopes = await world.store.readShares(set?.setId ?? '', 1);
    const shares = await Promise.all(
      present.slice(0, 2).map(async ({ identity }, at) => {
        const sealed = Buffer.from(envelopes[at]?.sealed ?? '', 'base64');
        return shareIn((await ESCROW.sealer.open(sealed, identity)) ?? new Uint8Array());
      }),
    );

    const secret = await ESCROW.splitter.combine(shares);

    expect(secret).toEqual(state.imported.get(set?.keyId ?? ''));
  });

  it('is in escrow once however often its making is interrupted', async () => {
    const present = await holders(3);
    let made = 0;
    for (let broken = 1; broken <= 8; broken += 1) {
      const { world, run } = await aWorldWith(present);
      let calls = 0;
      world.onCall = ({ method, phase }) => {
        const isImport = method === 'importMaterial' || method === 'commit';
        if (isImport && phase === 'after' && ++calls === broken) throw new Error('interrupted');
      };
      await run(world.admitKey(EXTERNAL)).catch(() => {});
      world.onCall = () => {};
      for (let more = 0; more < 3; more += 1) await run(Promise.resolve(''));

      const snapshot = await world.store.readKey('orders');
      if (snapshot?.key.state !== 'active') continue;
      made += 1;
      const active = snapshot.escrow.sets.filter(({ state }) => state === 'active');
      expect(active, `interrupted at ${broken}`).toHaveLength(1);
      expect(active[0]?.keyId).toBe((await world.version(1)).keyId);
    }
    expect(made).toBeGreaterThan(0);
  });
});
