// SPDX-License-Identifier: Apache-2.0
// One round of escrow with nothing stood in for: DynamoDB, KMS with its own signatures and imports, real age keys, and
// the custodians' own side as the CLI runs it.
import { randomBytes } from 'node:crypto';
import {
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  EncryptCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoDbLedger } from '#adapters/dynamodb/ledger.ts';
import { ageSealer } from '#adapters/escrow/age-sealer.ts';
import { shamirSplitter } from '#adapters/escrow/shamir-splitter.ts';
import { KmsMaterialImporter } from '#adapters/kms/material-importer.ts';
import { KmsSessionSeal } from '#adapters/kms/session-seal.ts';
import { KmsShareSigner } from '#adapters/kms/share-signer.ts';
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { holdingProof, openShare, sealTo } from '#client/cli/escrow-shares.ts';
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
import { CLASSES } from '#policies/classes.ts';
import { newFile } from '#test/client/run-cli.ts';
import { startEmulator, type TestEmulator } from '#test/emulator/support.ts';
import { type Holder, holders } from '#test/support/escrow.ts';
import { aCreation, aKey, aVersion } from '#test/support/records.ts';
import { startTables, type TestTables } from '#test/support/table.ts';
import { PERMIT } from '#test/support/world.ts';

let emulator: TestEmulator;
let kms: KMSClient;
let tables: TestTables;
beforeAll(async () => {
  [emulator, tables] = await Promise.all([startEmulator(), startTables()]);
  kms = emulator.kms();
});
afterAll(() => Promise.all([emulator.stop(), tables.stop()]));

async function newKey(input: CreateKeyCommandInput): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return KeyMetadata?.Arn ?? '';
}

async function makeDeps() {
  const signer = new KmsShareSigner(
    kms,
    await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
  );
  return {
    ledger: new DynamoDbLedger(tables.client, await tables.create()),
    clock: systemClock,
    classes: CLASSES,
    ids: ulidIds,
    random: (bytes: number) => randomBytes(bytes),
    splitter: shamirSplitter,
    sealer: ageSealer,
    signer,
    verifier: signer,
    seal: new KmsSessionSeal(kms, await newKey({})),
    importer: new KmsMaterialImporter(kms),
  };
}
type Deps = Awaited<ReturnType<typeof makeDeps>>;

async function anOpenSession(deps: Deps, over: Partial<RequestSessionInput>) {
  const by = { by: 'usr_alice', decision: PERMIT };
  const { name } = await requestSession(deps, {
    key: 'orders',
    version: 1,
    purpose: 'recover',
    next: null,
    reason: null,
    ...by,
    ...over,
  });
  return mutateKey(deps.ledger, 'orders', (snapshot) => {
    const now = deps.clock.now();
    const session = openedSession(snapshot, name, 'apr_1', now);
    return { draft: sessionDraft(session, by, now, 'escrow.opened'), result: session };
  });
}

/** A custodian's own machine: their key in a file, their share opened with it. */
async function openedBy({ sub, identity }: Holder, deps: Deps, setId: string, generation: number) {
  const stored = await deps.ledger.readShares(setId, generation);
  const share = stored.find(({ custodian }) => custodian === sub);
  if (!share) throw new Error(`${sub} holds no share`);
  return openShare(share, newFile('age.txt', `# ${sub}\n${identity}\n`));
}

async function handIn(deps: Deps, session: EscrowSessionRecord, holder: Holder) {
  const open = await openedBy(holder, deps, session.setId, session.generation);
  await contributeShare(deps, {
    key: 'orders',
    session: session.name,
    by: holder.sub,
    decision: PERMIT,
    sealed: await sealTo(open, session.recipient),
  });
}

describe('material in escrow', () => {
  it('is lost, brought back, split anew, and brought back again by others', async () => {
    const deps = await makeDeps();
    const keyId = (await newKey({ Origin: 'EXTERNAL' })).split('/')[1] ?? '';
    const [circle, next] = [await holders(5), await holders(3)];
    await deps.ledger.commit(
      aCreation(aKey({ currentVersion: 1 }), { versions: [aVersion({ keyId })] }),
    );
    const asked = { key: 'orders', by: 'usr_alice', decision: PERMIT };
    const complete = (session: EscrowSessionRecord) =>
      completeEscrow(deps, { ...asked, session: session.name });
    const lose = () => kms.send(new DeleteImportedKeyMaterialCommand({ KeyId: keyId }));

    const { setId } = await escrowMaterial(deps, {
      ...asked,
      version: 1,
      keyId,
      expiresAt: null,
      required: 3,
      custodians: circle,
      operationId: null,
    });
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.from('order 4711') }),
    );
    const read = async () => {
      const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }));
      return Buffer.from(Plaintext ?? []).toString();
    };

    await lose();
    await expect(read()).rejects.toThrow('pending import');
    const first = await anOpenSession(deps, {});
    for (const holder of circle.slice(1, 4)) await handIn(deps, first, holder);
    expect(await complete(first)).toMatchObject({ state: 'done', refused: null });
    expect(await read()).toBe('order 4711');

    const second = await anOpenSession(deps, {
      purpose: 'reshare',
      next: { required: 2, custodians: next.map(({ sub, recipient }) => ({ sub, recipient })) },
    });
    for (const holder of circle.slice(0, 3)) await handIn(deps, second, holder);
    await complete(second);
    for (const holder of next.slice(0, 2)) {
      const proof = holdingProof(await openedBy(holder, deps, setId, 2));
      await proveHolding(deps, { ...asked, by: holder.sub, version: 1, generation: 2, proof });
    }

    await lose();
    const third = await anOpenSession(deps, {});
    expect(third.generation).toBe(2);
    for (const holder of next.slice(1)) await handIn(deps, third, holder);
    expect(await complete(third)).toMatchObject({ state: 'done', refused: null });
    expect(await read()).toBe('order 4711');
    const sealed = (await deps.ledger.readShares(setId, 1)).map((share) => share.sealed);
    expect(sealed).toEqual(['', '', '', '', '']);
  });
});
