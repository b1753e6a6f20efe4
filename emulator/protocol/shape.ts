// SPDX-License-Identifier: Apache-2.0
// Request shapes: what a member may be, checked as AWS checks it. Wrong JSON types are a
// SerializationException; broken constraints are collected into one ValidationException.
import { AwsError, serializationError } from './errors.ts';

/** Where a value stands, e.g. `tags.1.member.tagKey`, and the sentences of broken constraints so far. */
export interface Checking {
  readonly path: string;
  readonly problems: string[];
}

/** Reads one JSON value; reports broken constraints, throws on wrong types. */
export type Reader<Value> = (value: unknown, at: Checking) => Value;

/** A member of a structure. */
export interface Member<Value> {
  readonly read: Reader<Value>;
  readonly required: boolean;
}

type RequiredKeys<Members> = {
  [Key in keyof Members]: Members[Key] extends { required: true } ? Key : never;
}[keyof Members];

type ValueOf<Item> = Item extends { read: Reader<infer Value> } ? Value : never;

/** The TypeScript type of a shape's values. */
export type InputOf<Members> = {
  readonly [Key in RequiredKeys<Members>]: ValueOf<Members[Key]>;
} & {
  readonly [Key in Exclude<keyof Members, RequiredKeys<Members>>]?:
    | ValueOf<Members[Key]>
    | undefined;
};

/** Marks a member that must be there. */
export function required<Value>(read: Reader<Value>) {
  return { read, required: true } as const;
}

/** Marks a member that may be absent or null. */
export function optional<Value>(read: Reader<Value>) {
  return { read, required: false } as const;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Adds AWS's sentence about a broken constraint; secrets and blobs leave the value out. */
export function violates(at: Checking, constraint: string, shown?: string): void {
  const value = shown === undefined ? 'Value' : `Value '${shown}'`;
  at.problems.push(`${value} at '${at.path}' failed to satisfy constraint: ${constraint}`);
}

/** A structure. Members the model does not know are ignored, as AWS ignores them. */
export function structure<Members extends Record<string, Member<unknown>>>(
  members: Members,
): Reader<InputOf<Members>> {
  const entries = Object.entries(members);
  return (value, at) => {
    if (!isRecord(value)) throw serializationError('Unexpected field type');
    const result: Record<string, unknown> = {};
    for (const [name, member] of entries) {
      const path = at.path === '' ? lowerFirst(name) : `${at.path}.${lowerFirst(name)}`;
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      if (given !== undefined && given !== null) {
        result[name] = member.read(given, { path, problems: at.problems });
      } else if (member.required) {
        at.problems.push(
          `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
        );
      }
    }
    return result as InputOf<Members>;
  };
}

/** Reads a whole request. @throws AwsError ValidationException or SerializationException */
export function readRequest<Value>(read: Reader<Value>, body: unknown): Value {
  const problems: string[] = [];
  const value = read(body, { path: '', problems });
  if (problems.length === 0) return value;
  const count =
    problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`;
  throw new AwsError('ValidationException', `${count} detected: ${problems.join('; ')}`);
}
