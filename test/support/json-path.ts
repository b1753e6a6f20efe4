// SPDX-License-Identifier: Apache-2.0
// The part of JSONPath and of payload templates that our workflows use: members, indexes, and the three
// intrinsic functions of INTRINSICS.

type Members = Record<string, unknown>;

/** Reads `$`, `$.a.b`, `$.a[0].b`; undefined where nothing is. */
export function readPath(data: unknown, path: string): unknown {
  if (!/^\$(\.\w+|\[\d+\])*$/.test(path)) throw new Error(`path ${path} is beyond our subset`);
  let value = data;
  for (const [, member, index] of path.matchAll(/\.(\w+)|\[(\d+)\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Members)[member ?? index ?? ''];
  }
  return value;
}

/** The data with a value at `$` or `$.member`. */
export function writePath(data: unknown, path: string, value: unknown): unknown {
  if (path === '$') return value;
  const member = /^\$\.(\w+)$/.exec(path)?.[1];
  if (member === undefined) throw new Error(`result path ${path} is beyond our subset`);
  return { ...(data as Members), [member]: value };
}

/** Fills a payload template: members ending in `.$` are paths. */
export function fill(template: unknown, data: unknown, context: unknown = {}): unknown {
  if (Array.isArray(template)) return template.map((item) => fill(item, data, context));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith('.$')
        ? [name.slice(0, -2), evaluate(String(value), data, context)]
        : [name, fill(value, data, context)],
    ),
  );
}

const INTRINSICS: Readonly<Record<string, (...given: unknown[]) => unknown>> = {
  Array: (...items) => items,
  MathAdd: (a, b) => Number(a) + Number(b),
  Format: (template, ...values) => {
    const rest = [...values];
    return String(template).replaceAll('{}', () => String(rest.shift()));
  },
};

/** An argument of an intrinsic function: a text in quotes, a number, or a path. */
function argument(text: string, data: unknown, context: unknown): unknown {
  if (text.startsWith("'")) return text.slice(1, -1);
  return /^-?\d+$/.test(text) ? Number(text) : evaluate(text, data, context);
}

function evaluate(expression: string, data: unknown, context: unknown): unknown {
  const [, name = '', list] = /^States\.(\w+)\((.*)\)$/.exec(expression) ?? [];
  if (list !== undefined) {
    const intrinsic = INTRINSICS[name];
    if (!intrinsic) throw new Error(`States.${name} is beyond our subset`);
    const given = list.match(/'[^']*'|[^,\s]+/g) ?? [];
    return intrinsic(...given.map((text) => argument(text, data, context)));
  }
  const isContext = expression.startsWith('$$');
  const value = isContext ? readPath(context, expression.slice(1)) : readPath(data, expression);
  if (value === undefined) {
    // Step Functions ends an execution whose template names what is not there; nothing catches it.
    throw Object.assign(new Error(`${expression} is not in the input`), { name: 'States.Runtime' });
  }
  return value;
}
