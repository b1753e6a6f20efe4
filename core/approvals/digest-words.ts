// SPDX-License-Identifier: Apache-2.0
// A digest in a form that people can compare across Slack, mail, page and terminal. Only for eyes: machines compare
// the whole digest, so that it does not matter that 64 bits could be matched with much effort.

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';
const SHOWN_HEX_DIGITS = 16;

/** 16 bits as a pronounceable word. @see https://arxiv.org/html/0901.4016 (proquints) */
function proquint(bits: number): string {
  const consonant = (shift: number) => CONSONANTS.charAt((bits >> shift) & 15);
  const vowel = (shift: number) => VOWELS.charAt((bits >> shift) & 3);
  return consonant(12) + vowel(10) + consonant(6) + vowel(4) + consonant(0);
}

/** The first 64 bits as four words, `lusab-babad-gutih-tugad`. @param digest hexadecimal */
export function digestWords(digest: string): string {
  const groups = shortDigest(digest).split(' ');
  return groups.map((group) => proquint(Number.parseInt(group, 16))).join('-');
}

/** The first 64 bits as four groups of four hexadecimal digits. */
export function shortDigest(digest: string): string {
  return digest.slice(0, SHOWN_HEX_DIGITS).replace(/(.{4})(?=.)/g, '$1 ');
}
