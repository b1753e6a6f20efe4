// SPDX-License-Identifier: Apache-2.0
// The one function that stands for all: it asks the test what the state that called it is to be answered.
import { crc32 } from 'node:zlib';

const SOURCE = `
exports.handler = async (event) => {
  const reply = await fetch(process.env.ANSWERS_URL, { method: 'POST', body: JSON.stringify(event) });
  const answer = await reply.json();
  if (!('error' in answer)) return answer.result.Payload;
  throw Object.assign(new Error(answer.cause), { name: answer.error });
};
`;
const NAME = Buffer.from('index.js');

/** A ZIP file of the function: one member, not compressed. @see APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16 */
export function stubFunctionZip(): Buffer {
  const content = Buffer.from(SOURCE);
  /** Version 1.0 to version: CRC, sizes and name length, the same in both headers. */
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(10, 0);
  facts.writeUInt16LE(0x21, 8);
  facts.writeUInt32LE(crc32(content), 10);
  facts.writeUInt32LE(content.length, 14);
  facts.writeUInt32LE(content.length, 18);
  facts.writeUInt16LE(NAME.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts, NAME, content]);
  const made = Buffer.from([10, 0]);
  const entry = Buffer.concat([Buffer.from('PK\x01\x02'), made, facts, Buffer.alloc(14), NAME]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(entry.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, entry, Buffer.from('PK\x05\x06'), end]);
}
