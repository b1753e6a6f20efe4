// SPDX-License-Identifier: Apache-2.0
// The kinds of members that requests are made of, with the constraints of AWS's service models.
import { serializationError } from './errors.ts';
import { type Checking, type Reader, violates } from './shape.ts';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

interface TextLimits {
  readonly pattern?: RegExp;
  /** How AWS prints the pattern. */
  readonly patternShown?: string;
  /** The value stays out of messages. */
  readonly secret?: boolean;
}

function checkLength(
  at: Checking,
  length: number,
  [min, max]: readonly [number, number],
  shown?: string,
) {
  if (length < min) {
    violates(at, `Member must have length greater than or equal to ${min}`, shown);
  }
  if (length > max) violates(at, `Member must have length less than or equal to ${max}`, shown);
}

/** A string of min to max characters. */
export function text(min: number, max: number, limits: TextLimits = {}): Reader<string> {
  return (value, at) => {
    if (typeof value !== 'string') {
      throw serializationError(`${typeName(value)} can not be converted to a String`);
    }
    const shown = limits.secret === true ? undefined : value;
    checkLength(at, value.length, [min, max], shown);
    if (limits.pattern !== undefined && !limits.pattern.test(value)) {
      const pattern = limits.patternShown ?? limits.pattern.source;
      violates(at, `Member must satisfy regular expression pattern: ${pattern}`, shown);
    }
    return value;
  };
}

/** One of AWS's enumerated strings. */
export function oneOf<const Values extends readonly string[]>(
  values: Values,
): Reader<Values[number]> {
  return (value, at) => {
    if (typeof value !== 'string') {
      throw serializationError(`${typeName(value)} can not be converted to a String`);
    }
    if (!values.includes(value)) {
      violates(at, `Member must satisfy enum value set: [${values.join(', ')}]`, value);
    }
    return value;
  };
}

/** An integer from min to max. */
export function integer(min: number, max: number): Reader<number> {
  return (value, at) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      throw serializationError(`${typeName(value)} can not be converted to an Integer`);
    }
    if (value < min) {
      violates(at, `Member must have value greater than or equal to ${min}`, String(value));
    }
    if (value > max) {
      violates(at, `Member must have value less than or equal to ${max}`, String(value));
    }
    return value;
  };
}

/** True or false. */
export const flag: Reader<boolean> = (value) => {
  if (typeof value !== 'boolean') {
    throw serializationError(`${typeName(value)} can not be converted to a Boolean`);
  }
  return value;
};

/** Base64 bytes, min to max when decoded. */
export function blob(min: number, max: number): Reader<Buffer> {
  return (value, at) => {
    if (typeof value !== 'string' || !BASE64.test(value)) {
      throw serializationError('Invalid Base64 in a blob member');
    }
    const bytes = Buffer.from(value, 'base64');
    checkLength(at, bytes.length, [min, max]);
    return bytes;
  };
}

/** A list of min to max members. */
export function list<Value>(
  member: Reader<Value>,
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
): Reader<readonly Value[]> {
  return (value, at) => {
    if (!Array.isArray(value)) {
      throw serializationError(`${typeName(value)} can not be converted to a List`);
    }
    checkLength(at, value.length, [min, max]);
    return value.map((item, index) =>
      member(item, { path: `${at.path}.${index + 1}.member`, problems: at.problems }),
    );
  };
}

/** Strings by string; a Map, so that names like `__proto__` are only names. */
export const textMap: Reader<ReadonlyMap<string, string>> = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw serializationError(`${typeName(value)} can not be converted to a Map`);
  }
  const result = new Map<string, string>();
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') {
      throw serializationError(`${typeName(item)} can not be converted to a String`);
    }
    result.set(key, item);
  }
  return result;
};

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'START_ARRAY';
  if (typeof value === 'object' && value !== null) return 'START_OBJECT';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return typeof value === 'number' ? 'NUMBER_VALUE' : 'STRING_VALUE';
}
