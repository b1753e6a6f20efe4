// SPDX-License-Identifier: Apache-2.0
// What every vault must do for the workflows. It runs over memory (unit) and over KMS (integration).
import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '#core/contract/errors.ts';
import { CANARY_CONTEXT_KEY, dataKeyContext } from '#core/keys/naming.ts';
import type { DataKeyMaker } from '#core/ports/data-keys.ts';
import type {
  AliasWriter,
  BlockReader,
  CryptoUser,
  KeyBlocker,
  KeyCreator,
  KeyRemover,
  OrphanFinder,
  PolicyReader,
  PolicyWriter,
  Provenance,
} from '#core/ports/key-vault.ts';
import { CONSUMER } from '#test/support/world.ts';

/** A vault with everything that the suite needs around it. */
export interface VaultUnderTest {
  readonly keys: KeyCreator & OrphanFinder;
  readonly aliases: AliasWriter;
  readonly policies: PolicyWriter & PolicyReader;
  readonly remover: KeyRemover;
  /** As `enforce-containment`. */
  readonly blocker: KeyBlocker & Pick<BlockReader, 'isDisabled'>;
  /** As `verify-version`. */
  readonly verifier: CryptoUser;
  /** As `use-key`. */
  readonly dataPlane: CryptoUser;
  /** As `make-data-key`. */
  readonly maker: DataKeyMaker;
  readonly keyStoreId: string;
  setConnected(isConnected: boolean): Promise<void>;
}

const ACCESS = [{ principal: CONSUMER, rights: ['encrypt', 'decrypt'] as const }];
const CANARY = { [CANARY_CONTEXT_KEY]: 'orders/v1' };
const TEXT = new TextEncoder().encode('the quick brown fox');
const named = (code: ErrorCode) => expect.objectContaining({ name: code });
let runs = 0;

/** Declares the suite. @param open makes a vault; it may be the same one each time */
export function describeVault(title: string, open: () => Promise<VaultUnderTest>): void {
  describe(title, () => {
    let vault: VaultUnderTest;
    let provenance: Provenance;
    beforeEach(async () => {
      vault = await open();
      runs += 1;
      const operationId = `op_${String(runs).padStart(26, '0')}`;
      provenance = { stage: 'local', name: `orders-${runs}`, version: 1, operationId };
    });

    const create = () =>
      vault.keys.createKey({ origin: 'AWS_CLOUDHSM', keyStoreId: vault.keyStoreId }, provenance);
    /** A new key under a policy template. */
    async function under(template: Parameters<PolicyWriter['applyPolicy']>[1]) {
      const { keyId } = await create();
      await vault.policies.applyPolicy(keyId, template, ACCESS);
      return keyId;
    }
    const isFound = async () =>
      (await vault.keys.findUnrecorded(provenance)).map((key) => key.keyId);

    describe('keys', () => {
      it('makes a key whose ARN ends in its id', async () => {
        const { keyId, keyArn } = await create();

        expect(keyArn.endsWith(`:key/${keyId}`)).toBe(true);
      });

      it('makes another key each time', async () => {
        const [first, second] = [await create(), await create()];

        expect(first.keyId).not.toBe(second.keyId);
        expect((await isFound()).toSorted()).toEqual([first.keyId, second.keyId].toSorted());
      });

      it('finds an unrecorded key by its version, with where it comes from', async () => {
        const { keyId } = await create();

        expect(await vault.keys.findUnrecorded(provenance)).toEqual([
          expect.objectContaining({ keyId, provenance, state: 'enabled' }),
        ]);
        expect(await vault.keys.findUnrecorded({ ...provenance, version: 2 })).toEqual([]);
        expect(await vault.keys.findUnrecorded({ ...provenance, operationId: 'op_other' })).toEqual(
          [],
        );
      });

      it('finds a recorded key no more, however often it is marked', async () => {
        const { keyId } = await create();
        await vault.keys.markRecorded(keyId);
        await vault.keys.markRecorded(keyId);

        expect(await isFound()).toEqual([]);
      });

      it('lists the unrecorded keys of its own stage only', async () => {
        const { keyId } = await create();
        const seen: string[] = [];
        const foreign: string[] = [];
        for (const [stage, into] of [
          ['local', seen],
          ['production', foreign],
        ] as const) {
          let cursor: string | null = null;
          do {
            const page = await vault.keys.listUnrecorded(stage, cursor);
            into.push(...page.keys.map((key) => key.keyId));
            cursor = page.nextCursor;
          } while (cursor !== null);
        }

        expect(seen).toContain(keyId);
        expect(foreign).not.toContain(keyId);
      });

      it('says that a key is not visible when nobody made it', async () => {
        const nowhere = '11111111-1111-4111-8111-111111111111';

        await expect(vault.dataPlane.encrypt(nowhere, TEXT, {})).rejects.toEqual(
          named('KeyNotYetVisible'),
        );
      });

      it('says that an unknown key store needs an operator', async () => {
        await expect(
          vault.keys.createKey(
            { origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-0123456789abcdef0' },
            provenance,
          ),
        ).rejects.toEqual(named('KeyStoreMisconfigured'));
      });
    });

    describe('policies', () => {
      it('lets only the verifier use a key before activation, and only with a canary', async () => {
        const { keyId } = await create();
        const canary = await vault.verifier.encrypt(keyId, TEXT, CANARY);

        expect((await vault.verifier.decrypt(canary, CANARY, keyId)).plaintext).toEqual(TEXT);
        await expect(vault.verifier.encrypt(keyId, TEXT, {})).rejects.toEqual(
          named('AccessDenied'),
        );
        await expect(vault.dataPlane.encrypt(keyId, TEXT, {})).rejects.toEqual(
          named('AccessDenied'),
        );
      });

      it('lets the data plane encrypt and decrypt under an active key', async () => {
        const keyId = await under('active');
        const ciphertext = await vault.dataPlane.encrypt(keyId, TEXT, { order: '7' });
        const opened = await vault.dataPlane.decrypt(ciphertext, { order: '7' });

        expect(opened).toMatchObject({ plaintext: TEXT, keyId });
      });

      it('keeps old ciphertexts readable under decrypt-only, and makes no new ones for anybody', async () => {
        const keyId = await under('active');
        const ciphertext = await vault.dataPlane.encrypt(keyId, TEXT, {});
        const canary = await vault.verifier.encrypt(keyId, TEXT, CANARY);
        await vault.policies.applyPolicy(keyId, 'decrypt-only', ACCESS);

        expect((await vault.dataPlane.decrypt(ciphertext, {})).plaintext).toEqual(TEXT);
        expect((await vault.verifier.decrypt(canary, CANARY, keyId)).plaintext).toEqual(TEXT);
        await expect(vault.dataPlane.encrypt(keyId, TEXT, {})).rejects.toEqual(
          named('AccessDenied'),
        );
        await expect(vault.verifier.encrypt(keyId, TEXT, CANARY)).rejects.toEqual(
          named('AccessDenied'),
        );
      });

      it.each(['suspended', 'contained'] as const)('lets nobody use a %s key', async (template) => {
        const keyId = await under('active');
        const ciphertext = await vault.dataPlane.encrypt(keyId, TEXT, {});
        const canary = await vault.verifier.encrypt(keyId, TEXT, CANARY);
        await vault.policies.applyPolicy(keyId, template, ACCESS);

        await expect(vault.dataPlane.decrypt(ciphertext, {})).rejects.toEqual(
          named('AccessDenied'),
        );
        await expect(vault.verifier.decrypt(canary, CANARY, keyId)).rejects.toEqual(
          named('AccessDenied'),
        );
      });

      it('reads back which policy a key has, its access list included', async () => {
        const keyId = await under('active');

        expect(await vault.policies.hasPolicy(keyId, 'active', ACCESS)).toBe(true);
        expect(await vault.policies.hasPolicy(keyId, 'active', [])).toBe(false);
        expect(await vault.policies.hasPolicy(keyId, 'decrypt-only', ACCESS)).toBe(false);
      });

      it('disables a key for everybody, twice if asked, and shows that', async () => {
        const keyId = await under('active');
        const ciphertext = await vault.dataPlane.encrypt(keyId, TEXT, {});

        expect(await vault.blocker.isDisabled(keyId)).toBe(false);
        await vault.blocker.disable(keyId);
        await vault.blocker.disable(keyId);
        expect(await vault.blocker.isDisabled(keyId)).toBe(true);
        await expect(vault.dataPlane.decrypt(ciphertext, {})).rejects.toEqual(
          named('KeyNotUsable'),
        );
      });

      it('puts the same policy twice', async () => {
        const keyId = await under('active');
        await vault.policies.applyPolicy(keyId, 'active', ACCESS);

        expect(await vault.policies.hasPolicy(keyId, 'active', ACCESS)).toBe(true);
      });
    });

    describe('ciphertexts', () => {
      it('open only with the encryption context that they were made with', async () => {
        const keyId = await under('active');
        const ciphertext = await vault.dataPlane.encrypt(keyId, TEXT, { a: 'bc' });

        for (const context of [{}, { a: 'bd' }, { ab: 'c' }, { a: 'bc', d: '' }]) {
          await expect(vault.dataPlane.decrypt(ciphertext, context)).rejects.toEqual(
            named('CiphertextInvalid'),
          );
        }
      });

      it('do not open when they were bent', async () => {
        const keyId = await under('active');
        const ciphertext = Buffer.from(await vault.dataPlane.encrypt(keyId, TEXT, {}));
        ciphertext.writeUInt8(
          ciphertext.readUInt8(ciphertext.length - 1) ^ 1,
          ciphertext.length - 1,
        );

        await expect(vault.dataPlane.decrypt(ciphertext, {})).rejects.toEqual(
          named('CiphertextInvalid'),
        );
      });

      it('do not open under another key', async () => {
        const [keyId, other] = [await under('active'), await under('active')];
        const ciphertext = await vault.dataPlane.encrypt(keyId, TEXT, {});

        await expect(vault.dataPlane.decrypt(ciphertext, {}, other)).rejects.toEqual(
          named('CiphertextInvalid'),
        );
      });

      it('are not what was never one', async () => {
        await expect(vault.dataPlane.decrypt(Buffer.from('no ciphertext'), {})).rejects.toEqual(
          named('CiphertextInvalid'),
        );
      });
    });

    describe('data keys', () => {
      const context = dataKeyContext('rows', 1);
      const make = (keyId: string, under = context) =>
        vault.maker.makeWrapped(keyId, under, vault.keyStoreId);

      it('come wrapped, another one each time, and open under their context alone', async () => {
        const keyId = await under('active');
        const [first, second] = [await make(keyId), await make(keyId)];
        const opened = await vault.dataPlane.decrypt(first.wrapped, context, keyId);

        expect(first.keyArn.endsWith(`:key/${keyId}`)).toBe(true);
        expect(opened.plaintext).toHaveLength(32);
        expect((await vault.dataPlane.decrypt(second.wrapped, context)).plaintext).not.toEqual(
          opened.plaintext,
        );
        await expect(
          vault.dataPlane.decrypt(first.wrapped, dataKeyContext('rows', 2)),
        ).rejects.toEqual(named('CiphertextInvalid'));
      });

      it('are made under their own context only', async () => {
        const keyId = await under('active');

        await expect(make(keyId, { order: '7' })).rejects.toEqual(named('AccessDenied'));
      });

      it.each(['pre-activation', 'decrypt-only', 'suspended', 'contained'] as const)(
        'are not made under the %s policy',
        async (template) => {
          const keyId = await under(template);

          await expect(make(keyId)).rejects.toEqual(named('AccessDenied'));
        },
      );

      it('made before a key was restricted still open', async () => {
        const keyId = await under('active');
        const { wrapped } = await make(keyId);
        await vault.policies.applyPolicy(keyId, 'decrypt-only', ACCESS);

        expect((await vault.dataPlane.decrypt(wrapped, context)).keyId).toBe(keyId);
      });
    });

    describe('aliases', () => {
      const alias = () => `alias/keyturn/local/${provenance.name}`;

      it('point at nothing before they are made', async () => {
        expect(await vault.aliases.aliasTarget(alias())).toBeNull();
      });

      it('point at the key they were made for, then at the key they were moved to', async () => {
        const [first, second] = [await create(), await create()];
        await vault.aliases.createAlias(alias(), first.keyId);
        expect(await vault.aliases.aliasTarget(alias())).toBe(first.keyId);

        await vault.aliases.moveAlias(alias(), second.keyId);
        expect(await vault.aliases.aliasTarget(alias())).toBe(second.keyId);
      });

      it('are not made twice', async () => {
        const { keyId } = await create();
        await vault.aliases.createAlias(alias(), keyId);

        await expect(vault.aliases.createAlias(alias(), keyId)).rejects.toEqual(
          named('AliasTaken'),
        );
      });

      it('are not moved before they are made', async () => {
        const { keyId } = await create();

        await expect(vault.aliases.moveAlias(alias(), keyId)).rejects.toEqual(
          named('KeyNotYetVisible'),
        );
      });
    });

    describe('removal', () => {
      it('makes a key unusable at once, and can be asked for twice', async () => {
        const { keyId } = await create();
        await vault.remover.scheduleDeletion(keyId, 7);
        await vault.remover.scheduleDeletion(keyId, 7);

        await expect(vault.verifier.encrypt(keyId, TEXT, CANARY)).rejects.toEqual(
          named('KeyNotUsable'),
        );
        expect(await vault.keys.findUnrecorded(provenance)).toEqual([
          expect.objectContaining({ keyId, state: 'other' }),
        ]);
      });

      it('leaves no alias onto a key pending deletion', async () => {
        const { keyId } = await create();
        await vault.remover.scheduleDeletion(keyId, 7);

        await expect(
          vault.aliases.createAlias(`alias/keyturn/local/${provenance.name}`, keyId),
        ).rejects.toEqual(named('KeyNotUsable'));
      });
    });

    describe('a disconnected key store', () => {
      it('makes no keys and uses none until it is connected again', async () => {
        const keyId = await under('active');
        const ciphertext = await vault.dataPlane.encrypt(keyId, TEXT, {});
        await vault.setConnected(false);
        try {
          await expect(create()).rejects.toEqual(named('KeyStoreUnavailable'));
          await expect(vault.dataPlane.encrypt(keyId, TEXT, {})).rejects.toEqual(
            named('KeyStoreUnavailable'),
          );
          await expect(vault.dataPlane.decrypt(ciphertext, {})).rejects.toEqual(
            named('KeyStoreUnavailable'),
          );
        } finally {
          await vault.setConnected(true);
        }

        expect((await vault.dataPlane.decrypt(ciphertext, {})).plaintext).toEqual(TEXT);
      });

      it('still lets policies change and keys be removed', async () => {
        const { keyId } = await create();
        await vault.setConnected(false);
        try {
          await vault.policies.applyPolicy(keyId, 'pre-activation', []);
          await vault.remover.scheduleDeletion(keyId, 7);
        } finally {
          await vault.setConnected(true);
        }

        await expect(vault.verifier.encrypt(keyId, TEXT, CANARY)).rejects.toEqual(
          named('KeyNotUsable'),
        );
      });
    });
  });
}
