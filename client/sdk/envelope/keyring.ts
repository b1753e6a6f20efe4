// SPDX-License-Identifier: Apache-2.0
// Keyring of the AWS Encryption SDK over Keyturn's data plane: data keys are made here and wrapped by the current
// version of a key at every site, and unwrapped at the first site that answers, by whatever version wrapped them. The
// data plane refuses what is stopped from the moment that it is, and a ciphertext of another key; this process needs no
// right at KMS.
import { randomBytes } from 'node:crypto';
import {
  EncryptedDataKey,
  immutableClass,
  KeyringNode,
  KeyringTraceFlag,
  type NodeDecryptionMaterial,
  type NodeEncryptionMaterial,
} from '@aws-crypto/client-node';
import type { SiteCalls } from './sites.ts';

/** Names this kind of wrapped data key in the header of a message. */
export const PROVIDER = 'keyturn';

export class KeyturnKeyring extends KeyringNode {
  readonly #sites: readonly SiteCalls[];

  /** @param sites in the order in which they are asked to unwrap */
  constructor(sites: readonly SiteCalls[]) {
    super();
    this.#sites = sites;
  }

  /** @throws what a site refuses, such as `KeyNotUsable`, or that one cannot be reached: a message is wrapped at all */
  async _onEncrypt(material: NodeEncryptionMaterial): Promise<NodeEncryptionMaterial> {
    if (!material.hasUnencryptedDataKey) {
      const dataKey = randomBytes(material.suite.keyLengthBytes);
      const flag = KeyringTraceFlag.WRAPPING_KEY_GENERATED_DATA_KEY;
      material.setUnencryptedDataKey(new Uint8Array(dataKey), traceOf(this.#sites[0], flag));
      dataKey.fill(0);
    }
    const context = { ...material.encryptionContext };
    const dataKey = rawBytes(material);
    const wrapped = await Promise.all(
      this.#sites.map(async (site) => ({ site, bytes: await site.wrap(dataKey, context) })),
    );
    for (const { site, bytes } of wrapped)
      material.addEncryptedDataKey(
        new EncryptedDataKey({
          providerId: PROVIDER,
          providerInfo: site.info,
          encryptedDataKey: bytes,
        }),
        KeyringTraceFlag.WRAPPING_KEY_ENCRYPTED_DATA_KEY |
          KeyringTraceFlag.WRAPPING_KEY_SIGNED_ENC_CTX,
      );
    return material;
  }

  /** @throws what the data plane refuses, and the last failure when no site can be reached */
  async _onDecrypt(
    material: NodeDecryptionMaterial,
    wrapped: EncryptedDataKey[],
  ): Promise<NodeDecryptionMaterial> {
    if (material.hasValidKey()) return material;
    const tries = this.#sites.flatMap((site) => {
      const own = wrapped.find(
        ({ providerId, providerInfo }) => providerId === PROVIDER && providerInfo === site.info,
      );
      return own ? [{ site, bytes: own.encryptedDataKey }] : [];
    });
    // One that did not answer a moment ago is asked last.
    tries.sort((a, b) => Number(a.site.isAway()) - Number(b.site.isAway()));
    const context = { ...material.encryptionContext };
    for (const [index, { site, bytes }] of tries.entries()) {
      const isLast = index === tries.length - 1;
      const opened = await site.unwrap(bytes, context, isLast);
      if (opened === null) continue;
      const flags =
        KeyringTraceFlag.WRAPPING_KEY_DECRYPTED_DATA_KEY |
        KeyringTraceFlag.WRAPPING_KEY_VERIFIED_ENC_CTX;
      material.setUnencryptedDataKey(new Uint8Array(opened), traceOf(site, flags));
      opened.fill(0);
      return material;
    }
    return material;
  }
}
immutableClass(KeyturnKeyring);

function traceOf(site: SiteCalls | undefined, flags: KeyringTraceFlag) {
  return { keyNamespace: PROVIDER, keyName: site?.info ?? '', flags };
}

/** The data key itself: the SDK keeps it as a KeyObject where Node has them. */
function rawBytes(material: NodeEncryptionMaterial): Uint8Array {
  const dataKey = material.getUnencryptedDataKey();
  return dataKey instanceof Uint8Array ? dataKey : dataKey.export();
}
