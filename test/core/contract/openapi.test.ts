// SPDX-License-Identifier: Apache-2.0
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as adoptions from '#core/contract/adoptions.ts';
import * as api from '#core/contract/api.ts';
import * as consumers from '#core/contract/consumers.ts';
import { ERROR_CODES } from '#core/contract/errors.ts';
import { EXAMPLES } from '#core/contract/examples.ts';
import { openApiDocument } from '#core/contract/openapi.ts';
import * as plans from '#core/contract/plans.ts';
import * as reencryption from '#core/contract/reencryption.ts';
import { ROUTES, type Route, type RouteId } from '#core/contract/routes.ts';

type Json = { [name: string]: Json } & { [index: number]: Json };
const document = openApiDocument('1.2.3');
// Through JSON, as clients get it: what JSON cannot hold would be lost here.
const json: Json = JSON.parse(JSON.stringify(document));
const ROUTE_LIST = Object.entries(ROUTES) as [RouteId, Route][];

function operationOf({ path, method }: Route): Json {
  return json['paths']?.[path]?.[method.toLowerCase()] as Json;
}

function named(): [string, z.ZodType][] {
  return Object.values({ ...adoptions, ...api, ...consumers, ...plans, ...reencryption }).flatMap(
    (value) => {
      const id = value instanceof z.ZodType ? value.meta()?.id : undefined;
      return id ? [[id, value as z.ZodType]] : [];
    },
  );
}

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' ? [String(inner)] : refsIn(inner),
  );
}

function resolve(ref: string): unknown {
  return ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((value, part) => Reflect.get(Object(value), part), json);
}

/** Parameters of a route by where they are. */
function parametersOf(route: Route, place: string): Json[] {
  return (operationOf(route)['parameters'] as unknown as Json[]).filter(
    (parameter) => String(parameter['in']) === place,
  );
}

describe('the document', () => {
  it('is OpenAPI 3.1 of the version asked for, the same each time', () => {
    expect(json['openapi']).toBe('3.1.0');
    expect(json['info']).toMatchObject({ title: 'Keyturn', version: '1.2.3' });
    expect(openApiDocument('1.2.3')).toEqual(document);
  });

  it('loses nothing on its way through JSON', () => {
    expect(json).toEqual(document);
  });

  it('has only references that resolve', () => {
    const refs = refsIn(json);
    expect(refs.length).toBeGreaterThan(50);
    for (const ref of refs) expect(resolve(ref), ref).toBeDefined();
  });

  it('has exactly the paths and methods of the route table', () => {
    const paths = Object.entries(json['paths'] ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(paths.sort()).toEqual(ROUTE_LIST.map(([, r]) => `${r.method} ${r.path}`).sort());
  });
});

describe('each route', () => {
  it.each(ROUTE_LIST)('%s tells id, action, parameters, bodies and answers', (id, route) => {
    const operation = operationOf(route);
    const placeholders = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

    expect(operation['operationId']).toBe(id);
    expect(operation['x-keyturn-action']).toBe(route.action ?? undefined);
    expect(parametersOf(route, 'path').map((parameter) => parameter['name'])).toEqual(placeholders);
    for (const parameter of parametersOf(route, 'path')) expect(parameter['required']).toBe(true);
    expect(operation['requestBody'] !== undefined).toBe(route.request !== undefined);
    const statuses = Object.keys(operation['responses'] ?? {});
    expect(statuses).toContain(String(route.status));
    expect(statuses).toContain('500');
    expect(statuses.includes('401')).toBe(route.action !== null);
  });

  it('that is idempotent needs an Idempotency-Key, and no other does', () => {
    for (const [, route] of ROUTE_LIST) {
      const header = parametersOf(route, 'header').find(
        (p) => String(p['name']) === 'Idempotency-Key',
      );
      const mayNeed = route.idempotent === true || route.mayStart === true;
      expect(header !== undefined, route.path).toBe(mayNeed);
      if (header) expect(header['required']).toBe(route.idempotent === true);
    }
  });

  it('that updates a key needs If-Match', () => {
    expect(parametersOf(ROUTES.updateKey, 'header')).toMatchObject([
      { name: 'If-Match', required: true },
    ]);
  });

  it('that lists takes limit and cursor, and the audit a key', () => {
    const names = (route: Route) => parametersOf(route, 'query').map(({ name }) => String(name));
    expect(names(ROUTES.listKeys)).toEqual(['limit', 'cursor']);
    expect(names(ROUTES.readAudit)).toEqual(['key', 'limit', 'cursor']);
    expect(names(ROUTES.getKey)).toEqual([]);
  });

  it('is open to both kinds of callers, or to everyone when public', () => {
    for (const [, route] of ROUTE_LIST) {
      const expected = route.action === null ? [] : [{ person: [] }, { workload: [] }];
      expect(operationOf(route)['security']).toEqual(expected);
    }
  });
});

describe('problems', () => {
  it('name every error that callers can get, and none of the workflows', () => {
    const text = JSON.stringify(json['components']?.['responses']);
    const shown = ERROR_CODES.filter((code) => text.includes(`\`${code}\``));
    expect(ERROR_CODES.filter((code) => !shown.includes(code)).sort()).toEqual([
      'AcknowledgementsMissing',
      'AcknowledgementsPending',
      'AliasTaken',
      'CanaryMismatch',
      'KeyNotYetVisible',
      'KeyStoreMisconfigured',
      'LeaseLost',
      'ProbeNotYetConclusive',
      'RotationCancelled',
      'StepOutOfOrder',
    ]);
  });
});

describe('schemas', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ ...document, $id: 'https://keyturn.test/openapi' });
  const validator = (id: string) =>
    ajv.getSchema(`https://keyturn.test/openapi#/components/schemas/${id}`);

  it.each(named())(
    '%s is a component, is valid JSON Schema and has an example that fits',
    (id, schema) => {
      const isPart = ['KeyName', 'AccessEntry', 'Version', 'AuditRecord'].includes(id);
      const validate = validator(id);
      const example = EXAMPLES[id];

      expect(validate).toBeTypeOf('function');
      expect(example !== undefined).toBe(!isPart);
      if (isPart) return;
      expect(schema.safeParse(example).error).toBeUndefined();
      expect(validate?.(example), JSON.stringify(validate?.errors)).toBe(true);
    },
  );

  it('of requests refuse unknown members, of answers tolerate them', () => {
    for (const [id, schema] of named()) {
      if (EXAMPLES[id] === undefined || !(schema instanceof z.ZodObject)) continue;
      const isRequest = id.endsWith('Request');
      const extended = { ...Object(EXAMPLES[id]), added: 1 };
      expect(validator(id)?.(extended), id).toBe(!isRequest);
    }
  });

  it('leave out of required what has a default', () => {
    const { tier: _tier, access: _access, ...rest } = Object(EXAMPLES['CreateKeyRequest']);
    expect(validator('CreateKeyRequest')?.(rest)).toBe(true);
  });
});
