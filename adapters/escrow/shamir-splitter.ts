// SPDX-License-Identifier: Apache-2.0
// Shamir's scheme over GF(256), by a library without tables and without branches on secrets (it was audited). It checks
// nothing of what it combines; `core/escrow` does.
import { combine, split } from 'shamir-secret-sharing';
import type { SecretSplitter } from '#core/ports/escrow.ts';

export const shamirSplitter: SecretSplitter = {
  split: async (secret, total, required) => {
    // The library takes no subclass such as Buffer.
    const copy = Uint8Array.from(secret);
    try {
      return await split(copy, total, required);
    } finally {
      copy.fill(0);
    }
  },
  combine: async (shares) => {
    const copies = shares.map((share) => Uint8Array.from(share));
    try {
      return await combine(copies);
    } finally {
      for (const copy of copies) copy.fill(0);
    }
  },
};
