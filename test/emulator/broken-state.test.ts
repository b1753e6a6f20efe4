// SPDX-License-Identifier: Apache-2.0
// A data folder that is damaged is refused at start in plain words; a full disk fails calls, never their past.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  type KMSClient,
  ListKeysCommand,
} from '@aws-sdk/client-kms';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { spawnEmulator } from './child.ts';
import { createConnectedKeyStore, refusal } from './support.ts';

const Plaintext = Buffer.from('kept');

async function createAndUse(kms: KMSClient, CustomKeyStoreId?: string) {
  const input = CustomKeyStoreId && { CustomKeyStoreId, Origin: 'AWS_CLOUDHSM' as const };
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ ...input }));
  const KeyId = KeyMetadata?.KeyId ?? '';
  return (await kms.send(new EncryptCommand({ KeyId, Plaintext }))).CiphertextBlob;
}

describe('a start on a damaged data folder', () => {
  let sound: string;
  let clusterId: string;
  let folder: string;
  beforeAll(async () => {
    sound = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
    const emulator = await spawnEmulator('--data', sound);
    const store = await createConnectedKeyStore(emulator);
    clusterId = store.clusterId;
    await createAndUse(emulator.kms());
    await createAndUse(emulator.kms(), store.keyStoreId);
    await emulator.end('SIGTERM');
  });
  afterAll(() => rmSync(sound, { recursive: true, force: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
    cpSync(sound, folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const tokenFolders = () =>
    readdirSync(join(folder, 'hsm', 'tokens')).map((name) => join(folder, 'hsm', 'tokens', name));
  const tokenWith = (text: string) =>
    tokenFolders().find((path) => readFileSync(join(path, 'token.object')).includes(text)) ?? '';
  const refused = (words: RegExp) =>
    expect(spawnEmulator('--data', folder)).rejects.toThrow(
      new RegExp(`ended with 2: emulator: .*${words.source}`),
    );

  it('works when nothing is damaged', async () => {
    const emulator = await spawnEmulator('--data', folder);

    expect(await emulator.end('SIGTERM')).toBe(0);
  });

  it("is refused without the domain's token", async () => {
    rmSync(tokenWith('kms-domain'), { recursive: true });

    await refused(/no readable token kms-domain, on which keys rest; restore the folder/);
  });

  it("is refused without a cluster's token that has keys", async () => {
    rmSync(tokenWith(clusterId), { recursive: true });

    await refused(new RegExp(`no readable token ${clusterId}, on which keys rest`));
  });

  it.each([0, 100])('works with tokens whose logins were cut short at %i bytes', async (bytes) => {
    const tokens = tokenFolders();
    expect(tokens.length).toBeGreaterThan(1);
    for (const token of tokens) truncateSync(join(token, 'token.object'), bytes);

    const emulator = await spawnEmulator('--data', folder);
    const [key] = (await emulator.kms().send(new ListKeysCommand({}))).Keys ?? [];
    const use = new EncryptCommand({ KeyId: key?.KeyId, Plaintext });
    expect((await emulator.kms().send(use)).CiphertextBlob).toBeDefined();
    expect(await emulator.end('SIGTERM')).toBe(0);
  });

  it('is refused with a corrupt token of which there is no copy', async () => {
    writeFileSync(join(tokenWith('kms-domain'), 'token.object'), Buffer.alloc(100, 0xff));
    rmSync(join(folder, 'hsm', 'token-copies'), { recursive: true });

    await refused(/no readable token kms-domain/);
  });

  it('is refused with a corrupt domain key', async () => {
    const token = tokenWith('kms-domain');
    const objects = readdirSync(token).filter((name) => /-.*\.object$/.test(name));
    for (const name of objects) writeFileSync(join(token, name), Buffer.alloc(100, 0xff));

    await refused(/has lost its domain key/);
  });

  it.each([
    ['userPin', /the token kms-domain cannot be opened \(CKR_PIN_INCORRECT\)/],
    ['not JSON', /kms-domain\.json does not hold a token's PINs/],
  ])('is refused with a PIN file that is wrong: %s', async (what, words) => {
    const pins = join(folder, 'pins', 'kms-domain.json');
    const wrong = { securityOfficerPin: 'wrong-pin', userPin: 'wrong-pin' };
    writeFileSync(pins, what === 'userPin' ? JSON.stringify(wrong) : '{');

    await refused(words);
  });

  it('is refused with a database that is none', async () => {
    writeFileSync(join(folder, 'emulator.sqlite'), Buffer.alloc(8192, 0x61));

    await refused(/emulator\.sqlite is in use by another emulator, or not a database/);
  });
});

/** A small file system of its own, where this user may mount one. */
function mountSmall(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const probe = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
const mayMount = mountSmall(probe);
if (mayMount) execFileSync('umount', [probe]);
rmSync(probe, { recursive: true, force: true });

describe.skipIf(!mayMount)('a full disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
    mountSmall(folder);
  });
  afterEach(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Takes all the room that is left and answers how to give it back. */
  function fill(): () => void {
    const ballast = join(folder, 'ballast');
    mkdirSync(ballast);
    for (let sizeBytes = 1 << 20, at = 0; sizeBytes >= 1024; at += 1) {
      try {
        writeFileSync(join(ballast, String(at)), Buffer.alloc(sizeBytes));
      } catch {
        sizeBytes /= 4;
      }
    }
    expect(statSync(ballast).isDirectory()).toBe(true);
    return () => rmSync(ballast, { recursive: true });
  }

  it('fails new keys with an internal error, keeps the old ones in use, and ends with the shortage', async () => {
    let emulator = await spawnEmulator('--data', folder);
    const kms = emulator.kms();
    const { keyStoreId } = await createConnectedKeyStore(emulator);
    const kept = [await createAndUse(kms), await createAndUse(kms, keyStoreId)];
    const count = async (client: KMSClient) =>
      (await client.send(new ListKeysCommand({ Limit: 1000 }))).Keys?.length ?? 0;
    const opened = async (client: KMSClient) => {
      for (const CiphertextBlob of kept) {
        const answer = await client.send(new DecryptCommand({ CiphertextBlob }));
        expect(Buffer.from(answer.Plaintext ?? [])).toEqual(Plaintext);
      }
    };

    const free = fill();
    const made = { standard: 0, inStore: 0 };
    // Room inside the database's files may still take a few rows.
    const error = await refusal(
      (async () => {
        for (; ; made.standard += 1) await kms.send(new CreateKeyCommand({}));
      })(),
    );
    expect(error.name).toBe('KMSInternalException');
    const input = { CustomKeyStoreId: keyStoreId, Origin: 'AWS_CLOUDHSM' as const };
    const storeError = await refusal(
      (async () => {
        for (; ; made.inStore += 1) await kms.send(new CreateKeyCommand(input));
      })(),
    );
    expect(storeError.name).toBe('KMSInternalException');
    await opened(kms);
    expect(await count(kms)).toBe(2 + made.standard + made.inStore);

    free();
    await createAndUse(kms);
    await createAndUse(kms, keyStoreId);
    const all = await count(kms);
    await emulator.end('SIGKILL');
    emulator = await spawnEmulator('--data', folder);
    await opened(emulator.kms());
    expect(await count(emulator.kms())).toBe(all);
    await emulator.end('SIGTERM');
  });
});

describe('16 clients at once', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('each get the answers to their own calls', async () => {
    const emulator = await spawnEmulator('--data', folder);
    const { keyStoreId } = await createConnectedKeyStore(emulator);
    const client = async (name: number) => {
      const kms = emulator.kms();
      const input =
        name % 2 === 0 ? {} : { CustomKeyStoreId: keyStoreId, Origin: 'AWS_CLOUDHSM' as const };
      const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
      const KeyId = KeyMetadata?.Arn ?? '';
      for (let turn = 0; turn < 25; turn += 1) {
        const text = `client ${name}, turn ${turn}, ${'x'.repeat((name * 97 + turn) % 900)}`;
        const EncryptionContext = { client: String(name), turn: String(turn) };
        const sealed = await kms.send(
          new EncryptCommand({ KeyId, Plaintext: Buffer.from(text), EncryptionContext }),
        );
        const { CiphertextBlob } = sealed;
        const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
        expect({
          sealedBy: sealed.KeyId,
          openedBy: opened.KeyId,
          text: Buffer.from(opened.Plaintext ?? []).toString(),
        }).toEqual({ sealedBy: KeyId, openedBy: KeyId, text });
      }
      return KeyId;
    };

    const keyIds = await Promise.all(Array.from({ length: 16 }, (_, name) => client(name)));

    expect(new Set(keyIds).size).toBe(16);
    await emulator.end('SIGTERM');
  });
});
