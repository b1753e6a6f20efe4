// SPDX-License-Identifier: Apache-2.0
// What JSON.parse lets pass and a request must not have: a member given twice, where readers disagree on which one
// counts (RFC 8259 §4), and `__proto__`, which some of them make a prototype of.
import type { FieldError } from '#core/contract/errors.ts';

/** One token of valid JSON; each alternative is decided by its first character, so matching is linear. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** An object or array that is open at some place of the text. */
interface Open {
  /** Names seen so far; null in arrays. */
  readonly names: Set<string> | null;
  /** Name or index of the member that is being read. */
  at: string | number;
}

const toPointerPart = (part: string | number) =>
  String(part).slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * Finds the first member that is ambiguous.
 * @param json text that JSON.parse accepts
 */
export function findAmbiguousMember(json: string): FieldError | null {
  const open: Open[] = [];
  let expectsName = false;
  for (const [token] of json.matchAll(TOKEN)) {
    const inner = open.at(-1);
    if (token === '{' || token === '[') {
      open.push(token === '{' ? { names: new Set(), at: '' } : { names: null, at: 0 });
      expectsName = token === '{';
    } else if (token === '}' || token === ']') {
      open.pop();
      expectsName = false;
    } else if (token === ',') {
      expectsName = inner?.names != null;
      if (typeof inner?.at === 'number') inner.at += 1;
    } else if (expectsName && inner?.names) {
      // Escapes are decoded: "a" and "\u0061" are the same name.
      const name = String(JSON.parse(token));
      const fault = faultOf(name, inner.names);
      inner.names.add(name);
      inner.at = name;
      expectsName = false;
      if (fault)
        return {
          pointer: open.map((part) => `/${toPointerPart(part.at)}`).join(''),
          detail: fault,
        };
    }
  }
  return null;
}

function faultOf(name: string, names: ReadonlySet<string>): string | null {
  if (names.has(name)) return 'is given more than once';
  return name === '__proto__' ? 'is not allowed as a name' : null;
}
