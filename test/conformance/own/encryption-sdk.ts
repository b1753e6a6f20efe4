// SPDX-License-Identifier: Apache-2.0
// The AWS Encryption SDK for JavaScript as a filter: a request in JSON on stdin, the answer on stdout.
import { text } from 'node:stream/consumers';
import { buildClient, CommitmentPolicy, KmsKeyringNode } from '@aws-crypto/client-node';
import { z } from 'zod';
import { encryptionSdkClient } from '../../emulator/encryption-sdk-client.ts';

const Request = z.object({
  do: z.enum(['encrypt', 'decrypt']),
  /** ARNs; the first makes the data key. */
  keys: z.array(z.string()).min(1),
  context: z.record(z.string(), z.string()).optional(),
  bytes: z.base64(),
});

const request = Request.parse(JSON.parse(await text(process.stdin)));
const [generatorKeyId = '', ...keyIds] = request.keys;
// Endpoint, Region and credentials come from the environment.
const clientProvider = () => encryptionSdkClient({});
const keyring = new KmsKeyringNode({ generatorKeyId, keyIds, clientProvider });
const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const bytes = Buffer.from(request.bytes, 'base64');

async function answer() {
  if (request.do === 'encrypt') {
    const { result } = await encrypt(keyring, bytes, { encryptionContext: request.context ?? {} });
    return { bytes: result.toString('base64') };
  }
  const { plaintext, messageHeader } = await decrypt(keyring, bytes);
  return { bytes: plaintext.toString('base64'), context: messageHeader.encryptionContext };
}

process.stdout.write(JSON.stringify(await answer()));
