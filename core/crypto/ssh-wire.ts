// SPDX-License-Identifier: Apache-2.0
// SSH's binary data (RFC 4251 §5): lengths in four bytes, then that many bytes. Readers are strict: whatever a length
// does not cover, or covers too much, is an error, so that one signature has one form.

/** What a reader throws; its text goes into a sentence. */
export class SshFormatError extends Error {
  override readonly name = 'SshFormatError';
}

/** Strings of SSH, one after the other. */
export function sshStrings(...parts: readonly (Uint8Array | string)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Reads from front to back. Every method throws {@link SshFormatError} where the bytes end too early. */
export class SshReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  raw(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new SshFormatError('it ends too early');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  uint32(): number {
    return this.raw(4).readUInt32BE();
  }

  string(): Buffer {
    return this.raw(this.uint32());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  /** What is left. */
  rest(): Buffer {
    return this.raw(this.#bytes.length - this.#at);
  }

  /** @throws SshFormatError for bytes that nothing claims */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new SshFormatError('bytes follow its end');
  }
}

/** Base64 that has one form only: canonical padding, nothing else in between. @throws SshFormatError */
export function strictBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (text === '' || bytes.toString('base64') !== text)
    throw new SshFormatError('its base64 is not canonical');
  return bytes;
}
