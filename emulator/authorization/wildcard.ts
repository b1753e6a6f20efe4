// SPDX-License-Identifier: Apache-2.0
// Wildcards of policies: `*` is any run of characters, `?` exactly one. Linear in practice and without
// regular expressions, so that no policy can make matching explode.

const VARIABLE = /\$\{([^}]*)\}/g;
const LITERAL: Readonly<Record<string, string>> = { '*': '*', '?': '?', $: '$' };

type Variable = (name: string) => string | undefined;

/** The text a policy variable stands for, `${key, 'default'}` included; undefined for an unknown one. */
export function resolveVariable(name: string, variable: Variable): string | undefined {
  const literal = LITERAL[name];
  if (literal !== undefined) return literal;
  const [, key = name, fallback] = /^([^,]*),\s*'(.*)'$/.exec(name) ?? [];
  return variable(key.trim()) ?? fallback;
}

/** One element of a compiled pattern: a literal character or a wildcard. */
type Element = { readonly character: string } | '*' | '?';

function elements(text: string): Element[] {
  return [...text].map((character) =>
    character === '*' || character === '?' ? character : { character },
  );
}

/** Compiles a pattern; a policy variable's value is literal, and an unknown variable matches nothing. */
function compile(pattern: string, variable: Variable) {
  const compiled: Element[] = [];
  let last = 0;
  for (const found of pattern.matchAll(VARIABLE)) {
    const name = found[1] ?? '';
    const value = resolveVariable(name, variable);
    if (value === undefined) return undefined;
    compiled.push(...elements(pattern.slice(last, found.index)));
    compiled.push(...[...value].map((character) => ({ character })));
    last = found.index + found[0].length;
  }
  return [...compiled, ...elements(pattern.slice(last))];
}

function accepts(element: Element | undefined, character: string | undefined): boolean {
  if (element === undefined || element === '*') return false;
  return element === '?' || element.character === character;
}

/** True when the whole value matches the pattern. Case-sensitive. */
export function matchesWildcard(
  pattern: string,
  value: string,
  variable: Variable = () => undefined,
): boolean {
  const compiled = pattern.includes('${') ? compile(pattern, variable) : elements(pattern);
  if (compiled === undefined) return false;
  const characters = [...value];
  let at = 0;
  let position = 0;
  let star = -1;
  let resume = 0;
  while (position < characters.length) {
    if (accepts(compiled[at], characters[position])) {
      at += 1;
      position += 1;
    } else if (compiled[at] === '*') {
      star = at;
      at += 1;
      resume = position;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      position = resume;
    } else {
      return false;
    }
  }
  while (compiled[at] === '*') at += 1;
  return at === compiled.length;
}

/** ARN matching: each of the six colon-separated parts on its own, so `*` does not cross a colon but in the last. */
export function matchesArn(pattern: string, arn: string, variable?: Variable): boolean {
  const wanted = arnParts(pattern);
  const given = arnParts(arn);
  if (wanted === undefined || given === undefined) return pattern === '*';
  return wanted.every((part, index) => matchesWildcard(part, given[index] ?? '', variable));
}

function arnParts(arn: string): string[] | undefined {
  // Colons inside ${...} belong to a variable's name, not to the ARN.
  const parts = arn.match(/(?:\$\{[^}]*\}|[^:])*(?::|$)/g)?.map((part) => part.replace(/:$/, ''));
  if (parts === undefined || parts.length < 6) return undefined;
  const colons = parts.slice(0, 5).join(':').length + 1;
  return [...parts.slice(0, 5), arn.slice(colons)];
}
