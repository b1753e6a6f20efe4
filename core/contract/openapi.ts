// SPDX-License-Identifier: Apache-2.0
// Renders the contract as OpenAPI 3.1: routes from the route table, bodies from the schemas that validate them, so
// that the document cannot say what the API does not do. Pure: same version, same document.
import { z } from 'zod';
import * as adoptions from './adoptions.ts';
import * as api from './api.ts';
import * as approvals from './approvals.ts';
import * as brakes from './brakes.ts';
import * as consumers from './consumers.ts';
import * as containment from './containment.ts';
import * as decisions from './decision-policy.ts';
import * as destruction from './destruction.ts';
import * as drills from './drills.ts';
import * as elevations from './elevations.ts';
import { ERRORS } from './errors.ts';
import * as escrow from './escrow.ts';
import { EVENT_NAMES, EVENTS, eventSchema } from './events.ts';
import { EXAMPLES } from './examples.ts';
import * as hsmTasks from './hsm-tasks.ts';
import * as hsms from './hsms.ts';
import * as incidents from './incidents.ts';
import * as mail from './mail.ts';
import * as pauses from './pauses.ts';
import * as plans from './plans.ts';
import * as recoveries from './recoveries.ts';
import * as reencryption from './reencryption.ts';
import { ROUTES, type Route, type RouteId } from './routes.ts';
import * as signers from './signers.ts';
import * as slack from './slack.ts';
import * as statusList from './status-list.ts';

type Json = Readonly<Record<string, unknown>>;

/** Largest page the API gives. */
export const MAX_PAGE_SIZE = 200;

/** Names that only workflows see, never a caller. */
const INTERNAL = new Set([
  'LeaseLost',
  'StepOutOfOrder',
  'KeyNotYetVisible',
  'ProbeNotYetConclusive',
  'CanaryMismatch',
  'AcknowledgementsPending',
  'AcknowledgementsMissing',
  'RotationCancelled',
  'AliasTaken',
  'KeyStoreMisconfigured',
]);

const idOf = (schema: z.ZodType): string | undefined => schema.meta()?.id;
const schemaRef = (id: string): Json => ({ $ref: `#/components/schemas/${id}` });

/** All named schemas. `io: input` keeps response objects open, as members may be added to them. */
function schemas(): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const value of Object.values({
    ...adoptions,
    ...api,
    ...approvals,
    ...consumers,
    ...elevations,
    ...pauses,
    ...brakes,
    ...decisions,
    ...containment,
    ...statusList,
    ...hsms,
    ...hsmTasks,
    ...drills,
    ...incidents,
    ...recoveries,
    ...destruction,
    ...escrow,
    ...mail,
    ...plans,
    ...reencryption,
    ...signers,
    ...slack,
  })) {
    const id = value instanceof z.ZodType ? idOf(value) : undefined;
    if (id && value instanceof z.ZodType) registry.add(value, { id });
  }
  const rendered = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => schemaRef(id)['$ref'] as string,
  });
  const entries = Object.entries(rendered.schemas).map(([id, schema]) => {
    const { $schema: _dialect, $id: _uri, id: _id, ...rest } = schema;
    const example = EXAMPLES[id];
    return [id, example === undefined ? rest : { ...rest, examples: [example] }] as const;
  });
  return Object.fromEntries(entries);
}

const AWS_REFUSAL: Json = {
  type: 'object',
  description: 'What API Gateway answers when it refuses before Keyturn is asked',
  properties: { message: { type: 'string' } },
};

/** One response per status, naming the codes that can come with it. */
function problemResponses(): Record<string, Json> {
  const byStatus = new Map<number, string[]>();
  for (const [code, { status, title }] of Object.entries(ERRORS)) {
    if (!INTERNAL.has(code))
      byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${title}`]);
  }
  const entries = [...byStatus].map(([status, lines]) => {
    const isGatewayToo = [401, 403, 429].includes(status);
    const content = {
      'application/problem+json': { schema: schemaRef('Problem') },
      ...(isGatewayToo && { 'application/json': { schema: schemaRef('GatewayRefusal') } }),
    };
    const retryAfter = { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } };
    const headers = status === 429 || status === 503 ? { headers: retryAfter } : {};
    return [`Problem${status}`, { description: lines.join('; '), ...headers, content }] as const;
  });
  return Object.fromEntries(entries);
}

/** Statuses a route can refuse with, by what it takes. */
function refusals(id: RouteId, route: Route): number[] {
  const hasPath = route.path.includes('{');
  const statuses = [429, 500, 503];
  if (route.action !== null) statuses.push(401, 403);
  if (hasPath || id === 'readAudit') statuses.push(404);
  if (route.request || hasPath || isPaged(route)) statuses.push(400);
  if (route.request) statuses.push(409, 413, 415);
  if (route.method === 'DELETE') statuses.push(409);
  if (route.idempotent || route.mayStart) statuses.push(422);
  if (route.mayStart) statuses.push(404);
  if (route.conditional) statuses.push(412, 428);
  return [...new Set(statuses)].sort((a, b) => a - b);
}

function isPaged({ response }: Route): boolean {
  return response instanceof z.ZodObject && 'nextCursor' in response.shape;
}

function parameter(name: string, place: string, schema: Json, description: string): Json {
  return { name, in: place, required: place !== 'query', schema, description };
}

function parameters(id: RouteId, route: Route): Json[] {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const list = names.map((name) =>
    ['name', 'consumer', 'source', 'hold'].includes(name)
      ? parameter(name, 'path', schemaRef('KeyName'), 'Name of what the path says')
      : parameter(name, 'path', { type: 'string' }, 'Id, as the API gave it'),
  );
  if (id === 'readAudit')
    list.push({
      ...parameter('key', 'query', schemaRef('KeyName'), 'Key whose records to read'),
      required: true,
    });
  if (isPaged(route)) {
    const limit = { type: 'integer', minimum: 1, maximum: MAX_PAGE_SIZE };
    list.push(parameter('limit', 'query', limit, 'Items per page'));
    list.push(parameter('cursor', 'query', { type: 'string' }, '`nextCursor` of the page before'));
  }
  const header = { type: 'string', minLength: 1, maxLength: 255 };
  if (route.idempotent || route.mayStart) {
    const key = parameter('Idempotency-Key', 'header', header, 'Same key and body: same operation');
    list.push({ ...key, required: route.idempotent === true });
  }
  if (route.conditional) {
    const ifMatch = parameter('If-Match', 'header', header, '`ETag` as last read');
    list.push({ ...ifMatch, required: route.conditional === 'always' });
  }
  return list;
}

function answerContent({ content, response }: Route): Json {
  if (content === undefined) return jsonContent(response);
  return { [content]: { schema: { type: 'string' } } };
}

function jsonContent(schema: z.ZodType | null, type = 'application/json'): Json {
  const id = schema ? idOf(schema) : undefined;
  return { [type]: { schema: id ? schemaRef(id) : { type: 'object' } } };
}

function successHeaders(id: RouteId, { status }: Route): Json {
  const text = { type: 'string' };
  if (status === 202) return { headers: LOCATION };
  if (['getKey', 'updateKey', 'getConsumer'].includes(id))
    return { headers: { ETag: { schema: text, description: 'Revision, for If-Match' } } };
  return {};
}

const LOCATION: Json = {
  Location: { schema: { type: 'string' }, description: 'Path of the operation' },
};

const STARTED: Json = {
  description: 'Started; follow the operation',
  headers: LOCATION,
  content: jsonContent(api.Accepted),
};

function operation(id: RouteId, route: Route): Json {
  const problems = refusals(id, route).map(
    (status) => [String(status), { $ref: `#/components/responses/Problem${status}` }] as const,
  );
  return {
    operationId: id,
    summary: route.summary,
    tags: [route.path.split('/')[2]?.replace('.json', '') ?? ''],
    parameters: parameters(id, route),
    ...(route.request && {
      requestBody: { required: true, content: jsonContent(route.request, route.requestContent) },
    }),
    responses: {
      [String(route.status)]: {
        description: route.status === 202 ? 'Started; follow the operation' : 'Done',
        ...successHeaders(id, route),
        content: answerContent(route),
      },
      ...(route.mayStart && { '202': STARTED }),
      ...Object.fromEntries(problems),
    },
    security: route.action === null ? [] : [{ person: [] }, { workload: [] }],
    ...(route.action && { 'x-keyturn-action': route.action }),
  };
}

function paths(): Record<string, Json> {
  const result: Record<string, Record<string, Json>> = {};
  for (const [id, route] of Object.entries(ROUTES) as [RouteId, Route][]) {
    result[route.path] ??= {};
    Object.assign(result[route.path] ?? {}, { [route.method.toLowerCase()]: operation(id, route) });
  }
  return result;
}

/** Events, each with the schema of its detail: on the bus, and in signed webhooks as their `detail`. */
function webhooks(): Record<string, Json> {
  const entries = EVENT_NAMES.map((name) => {
    const { $schema: _dialect, ...schema } = z.toJSONSchema(eventSchema(name), { io: 'input' });
    const post = {
      summary: EVENTS[name].summary,
      requestBody: { required: true, content: { 'application/json': { schema } } },
      responses: { '2XX': { description: 'Taken' } },
    };
    return [name, { post }] as const;
  });
  return Object.fromEntries(entries);
}

const SECURITY_SCHEMES: Json = {
  person: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'People: an OIDC token with audience `keyturn`, at `apiUrl`',
  },
  workload: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'Workloads: AWS Signature Version 4 for `execute-api`, at `workloadApiUrl`',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  },
};

/** The whole document. @param version of the service, as `/v1/health` gives it */
export function openApiDocument(version: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Keyturn',
      version,
      summary: 'Lifecycle of CloudHSM-backed KMS keys',
      description:
        'Members and enum values are added, never renamed or removed: tolerate unknown ones in answers. Unknown members in requests are refused.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      {
        url: '{endpoint}',
        description: '`apiUrl` for people, `workloadApiUrl` for workloads',
        variables: { endpoint: { default: 'https://keyturn.example.com' } },
      },
    ],
    paths: paths(),
    webhooks: webhooks(),
    components: {
      schemas: { ...schemas(), GatewayRefusal: AWS_REFUSAL },
      responses: problemResponses(),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}
