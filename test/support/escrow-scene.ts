// SPDX-License-Identifier: Apache-2.0
// A key with material in escrow, its custodians with their own age keys, and shortcuts through the use cases.
import { MemoryMaterialImporter } from '#adapters/memory/material-importer.ts';
import { holdingProof } from '#core/escrow/open-share.ts';
import type { EscrowSessionRecord } from '#core/escrow/records.ts';
import { completeEscrow } from '#core/operations/complete-escrow.ts';
import { contributeShare, proveHolding } from '#core/operations/contribute-share.ts';
import { escrowMaterial } from '#core/operations/escrow-material.ts';
import {
  openedSession,
  type RequestSessionInput,
  requestSession,
  sessionDraft,
} from '#core/operations/escrow-session.ts';
import { mutateKey } from '#core/operations/mutate-key.ts';
import type { SessionSeal } from '#core/ports/escrow.ts';
import { ESCROW, type Holder, holders } from './escrow.ts';
import { withActiveKey } from './steps.ts';
import { ALICE, aWorld, PERMIT, type World } from './world.ts';

/** The first so many custodians. */
export function first({ custodians }: EscrowScene, count: number): readonly Holder[] {
  return custodians.slice(0, count);
}

/** The name of the error that a call ends in; null when it ends well. */
export async function codeOf(call: Promise<unknown>): Promise<string | null> {
  return call.then(
    () => null,
    ({ code }) => code,
  );
}

/** Binds to the session, as the encryption context of KMS does. */
export const memorySeal: SessionSeal = {
  seal: async (identity, session) => `${session}:${identity}`,
  open: async (sealed, session) => {
    if (!sealed.startsWith(`${session}:`)) throw new Error('sealed for another session');
    return sealed.slice(session.length + 1);
  },
};

export class EscrowScene {
  readonly world: World;
  readonly custodians: readonly Holder[];
  readonly importer = new MemoryMaterialImporter();
  keyId = '';

  private constructor(world: World, custodians: readonly Holder[]) {
    this.world = world;
    this.custodians = custodians;
  }

  /** A key whose version 1 is of material split 3 of 5. */
  static async make(required = 3, total = 5): Promise<EscrowScene> {
    return EscrowScene.over(await withActiveKey(await aWorld()), required, total);
  }

  /** The same in a world that has the key. */
  static async over(world: World, required = 3, total = 5): Promise<EscrowScene> {
    const scene = new EscrowScene(world, await holders(total));
    scene.keyId = (await scene.world.version(1)).keyId ?? '';
    await scene.putIn(required);
    return scene;
  }

  get deps() {
    const { clock, ids, random, classes } = this.world.deps;
    return {
      ...ESCROW,
      ledger: this.world.ledger,
      clock,
      ids,
      random,
      seal: memorySeal,
      importer: this.importer,
      classes,
    };
  }

  async putIn(required = 3, over: Partial<Parameters<typeof escrowMaterial>[1]> = {}) {
    return escrowMaterial(this.deps, {
      key: 'orders',
      version: 1,
      keyId: this.keyId,
      expiresAt: null,
      required,
      custodians: this.custodians,
      by: 'workflow/generate-key',
      decision: PERMIT,
      operationId: null,
      ...over,
    });
  }

  async request(over: Partial<RequestSessionInput> = {}): Promise<EscrowSessionRecord> {
    return requestSession(this.deps, {
      key: 'orders',
      version: null,
      purpose: 'recover',
      next: null,
      reason: 'asked',
      by: ALICE.id,
      decision: PERMIT,
      ...over,
    });
  }

  /** What an approved request writes. */
  async open(name: string): Promise<EscrowSessionRecord> {
    const { ledger, clock } = this.deps;
    const by = { by: 'system/execute-approved', decision: PERMIT };
    return mutateKey(ledger, 'orders', (snapshot) => {
      const now = clock.now();
      const session = openedSession(snapshot, name, 'apr_1', now);
      return { draft: sessionDraft(session, by, now, 'escrow.session-opened'), result: session };
    });
  }

  async requestAndOpen(over: Partial<RequestSessionInput> = {}): Promise<EscrowSessionRecord> {
    return this.open((await this.request(over)).name);
  }

  /** A custodian's open share, with their own key. */
  async shareOf({ sub, identity }: Holder, generation = 1): Promise<Uint8Array> {
    const { setId } = await this.set(generation);
    const envelopes = await this.world.ledger.readShares(setId, generation);
    const sealed = envelopes.find(({ custodian }) => custodian === sub)?.sealed ?? '';
    const share = await ESCROW.sealer.open(Buffer.from(sealed, 'base64'), identity);
    if (!share) throw new Error(`${sub} cannot open generation ${generation}`);
    return share;
  }

  async set(generation = 1) {
    const set = (await this.world.snapshot()).escrow.sets.find(
      (one) => one.generation === generation,
    );
    if (!set) throw new Error(`no generation ${generation}`);
    return set;
  }

  async session(name: string): Promise<EscrowSessionRecord> {
    const found = (await this.world.snapshot()).escrow.sessions.find((one) => one.name === name);
    if (!found) throw new Error(`no session ${name}`);
    return found;
  }

  /** A custodian opens their share and seals it to the session. `share` replaces what they opened. */
  async contribute(session: EscrowSessionRecord, holder: Holder, share?: Uint8Array) {
    const open = share ?? (await this.shareOf(holder, session.generation));
    const sealed = await ESCROW.sealer.seal(open, session.recipient);
    return contributeShare(this.deps, {
      key: 'orders',
      by: holder.sub,
      decision: PERMIT,
      session: session.name,
      sealed: Buffer.from(sealed).toString('base64'),
    });
  }

  async prove(holder: Holder, generation = 1, proof?: string) {
    return proveHolding(this.deps, {
      key: 'orders',
      version: 1,
      generation,
      by: holder.sub,
      decision: PERMIT,
      proof: proof ?? holdingProof(await this.shareOf(holder, generation)),
    });
  }

  async complete(session: string) {
    return completeEscrow(this.deps, { key: 'orders', session, by: ALICE.id, decision: PERMIT });
  }
}
