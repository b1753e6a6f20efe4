// SPDX-License-Identifier: Apache-2.0
// Members of the model that ask for what is not here: each is refused as AWS refuses it, or does what it says.
import {
  CreateCustomKeyStoreCommand,
  type CreateCustomKeyStoreCommandInput,
  CreateGrantCommand,
  type CreateGrantCommandInput,
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateRandomCommand,
  type KMSClient,
  ListGrantsCommand,
  ListRetirableGrantsCommand,
  ReEncryptCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleArn } from './callers.ts';
import { refusal, startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;
let KeyId: string;
let CiphertextBlob: Uint8Array | undefined;
beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  KeyId = KeyMetadata?.KeyId ?? '';
  const sealed = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('secret') }));
  CiphertextBlob = sealed.CiphertextBlob;
});
afterAll(() => emulator.stop());
const nameOf = async (sending: Promise<unknown>) => (await refusal(sending)).name;

it('Recipient: no plaintext is answered to a document that AWS did not sign', async () => {
  const Recipient = {
    KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
    AttestationDocument: Buffer.from('none'),
  } as const;
  const pair = { KeyId, KeyPairSpec: 'ECC_NIST_P256', Recipient } as const;

  expect([
    await nameOf(kms.send(new DecryptCommand({ CiphertextBlob, Recipient }))),
    await nameOf(kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', Recipient }))),
    await nameOf(kms.send(new GenerateDataKeyPairCommand(pair))),
    await nameOf(kms.send(new GenerateRandomCommand({ NumberOfBytes: 8, Recipient }))),
  ]).toEqual(Array.from({ length: 4 }, () => 'ValidationException'));
});

describe('DryRunModifiers', () => {
  const DryRunModifiers: 'IGNORE_CIPHERTEXT'[] = ['IGNORE_CIPHERTEXT'];
  const junk = Buffer.from('no ciphertext');

  it('try permissions without a ciphertext', async () => {
    const dry = { DryRun: true, DryRunModifiers, CiphertextBlob: junk };
    const decrypt = new DecryptCommand({ ...dry, KeyId });
    const reEncrypt = new ReEncryptCommand({ ...dry, SourceKeyId: KeyId, DestinationKeyId: KeyId });

    expect(await nameOf(kms.send(decrypt))).toBe('DryRunOperationException');
    expect(await nameOf(kms.send(reEncrypt))).toBe('DryRunOperationException');
  });

  it('are nothing without DryRun, and a dry run without them wants a ciphertext', async () => {
    const wet = new DecryptCommand({ KeyId, CiphertextBlob, DryRunModifiers });
    const plain = new DecryptCommand({ KeyId, CiphertextBlob: junk, DryRun: true });

    expect(await nameOf(kms.send(wet))).toBe('ValidationException');
    expect(await nameOf(kms.send(plain))).toBe('InvalidCiphertextException');
  });
});

describe('a grant to a service', () => {
  const SourceArn = 'arn:aws:backup:us-east-1:000000000000:vault/one';
  const service = 'backup.amazonaws.com';
  const grant = (more: Partial<CreateGrantCommandInput>) =>
    kms.send(new CreateGrantCommand({ KeyId, Operations: ['Decrypt'], ...more }));

  it('is kept and shown', async () => {
    const parties = { GranteeServicePrincipal: service, RetiringServicePrincipal: service };
    const { GrantId } = await grant({ ...parties, Constraints: { SourceArn } });

    const { Grants } = await kms.send(
      new ListGrantsCommand({ KeyId, GranteeServicePrincipal: service }),
    );
    const shown = { GrantId, ...parties, Constraints: { SourceArn } };
    expect(Grants).toMatchObject([shown]);
    expect(Grants?.[0]?.GranteePrincipal).toBeUndefined();
    const retirable = new ListRetirableGrantsCommand({ RetiringServicePrincipal: service });
    expect((await kms.send(retirable)).Grants).toMatchObject([shown]);
  });

  it.each<[string, Partial<CreateGrantCommandInput>]>([
    ['without a resource', { RetiringServicePrincipal: service }],
    ['without anyone to retire it', { Constraints: { SourceArn } }],
    [
      'and to a role',
      {
        GranteePrincipal: roleArn('r'),
        RetiringServicePrincipal: service,
        Constraints: { SourceArn },
      },
    ],
  ])('is refused %s', async (_, more) => {
    const refused = grant({ GranteeServicePrincipal: service, ...more });

    expect(await nameOf(refused)).toBe('ValidationException');
  });
});

it('ListKeys knows whose keys are asked for', async () => {
  // As on the wire: the member is newer than the SDK.
  const keys = async (ResourceOwners: string[]): Promise<unknown> => {
    const response = await fetch(emulator.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'TrentService.ListKeys',
      },
      body: JSON.stringify({ ResourceOwners }),
    });
    return response.json();
  };

  expect(await keys(['SELF'])).toMatchObject({ Keys: [{ KeyId }] });
  expect(await keys(['OTHER_ACCOUNTS_VIA_RAM'])).toMatchObject({ Keys: [] });
  expect(await keys(['EVERYONE'])).toMatchObject({ __type: 'ValidationException' });
});

describe('an external key store', () => {
  const proxy = {
    CustomKeyStoreName: 'outside',
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    XksProxyUriEndpoint: 'https://proxy.example.com',
    XksProxyUriPath: '/kms/xks/v1',
    XksProxyConnectivity: 'PUBLIC_ENDPOINT',
    XksProxyAuthenticationCredential: {
      AccessKeyId: 'A'.repeat(20),
      RawSecretAccessKey: 'a'.repeat(43),
    },
  } as const;

  it.each<[string, Partial<CreateCustomKeyStoreCommandInput>, string]>([
    ['a proxy', {}, 'XksProxyUriUnreachableException'],
    [
      'an endpoint service',
      {
        XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
        XksProxyVpcEndpointServiceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-0123456789',
      },
      'XksProxyVpcEndpointServiceNotFoundException',
    ],
    ['a cluster besides', { CloudHsmClusterId: 'cluster-234567abcde' }, 'ValidationException'],
    ['no path', { XksProxyUriPath: undefined }, 'ValidationException'],
    ['a path that is none', { XksProxyUriPath: '/elsewhere/v1' }, 'ValidationException'],
    ['the type of CloudHSM', { CustomKeyStoreType: 'AWS_CLOUDHSM' }, 'ValidationException'],
  ])('of %s is refused as AWS refuses it', async (_, more, name) => {
    const command = new CreateCustomKeyStoreCommand({ ...proxy, ...more });

    expect(await nameOf(kms.send(command))).toBe(name);
  });
});
