// SPDX-License-Identifier: Apache-2.0
// The shape of every API function: find the route, know the caller, let the route answer, map errors. A function
// answers only the routes that the route table gives it.
import middy from '@middy/core';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type Action, ROUTES, type RouteId } from '#core/contract/routes.ts';
import { KeyturnError } from '#core/errors.ts';
import type { AccessObject, Authorizer, Decision, Principal } from '#core/ports/platform.ts';
import { principalOf } from './api-request.ts';
import { logger } from './logging.ts';
import { type ApiResponse, problem, SECURITY_HEADERS } from './problem.ts';

/** A request on its way to a route. */
export interface ApiRequest {
  readonly event: APIGatewayProxyEvent;
  readonly principal: Principal;
  readonly path: Readonly<Record<string, string>>;
  /** Decides on one object. @throws KeyturnError `AccessDenied` */
  authorize(object: AccessObject): Promise<Decision>;
  /** Decides without refusing, for lists. */
  permits(object: AccessObject): Promise<boolean>;
}

/** What a route answers. */
export interface ApiAnswer {
  readonly body: unknown;
  /** Where it is not the route's own. */
  readonly status?: 202 | 304;
  /** Of a body that is text already and sent as it is; absent: JSON. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type RouteHandler = (request: ApiRequest) => Promise<ApiAnswer>;

const NOBODY: Principal = { id: 'anonymous', kind: 'system', name: null, groups: [] };

function routeOf(event: APIGatewayProxyEvent): RouteId {
  const found = Object.entries(ROUTES).find(
    ([, route]) => route.method === event.httpMethod && route.path === event.resource,
  );
  if (!found)
    throw new KeyturnError('RouteNotFound', 'no such route; GET /v1/openapi.json lists them');
  return found[0] as RouteId;
}

function toRequest(
  event: APIGatewayProxyEvent,
  action: Action | null,
  authorizer: Authorizer | null,
): ApiRequest {
  const principal = action === null ? NOBODY : principalOf(event);
  const decide = async (object: AccessObject): Promise<Decision> => {
    if (action === null || authorizer === null)
      return { effect: 'forbid', rule: 'public-route-has-no-objects' };
    return authorizer.authorize(principal, action, object);
  };
  return {
    event,
    principal,
    path: Object.fromEntries(
      Object.entries(event.pathParameters ?? {}).map(([key, value]) => [key, value ?? '']),
    ),
    permits: async (object) => (await decide(object)).effect === 'permit',
    authorize: async (object) => {
      const decision = await decide(object);
      if (decision.effect === 'permit') return decision;
      logger.warn('denied', {
        principal: principal.id,
        action,
        rule: decision.rule,
        key: object.key?.name,
      });
      throw new KeyturnError(
        'AccessDenied',
        `${principal.name ?? principal.id} may not ${action} here (${decision.rule})`,
      );
    },
  };
}

/** What a route answered, as API Gateway takes it. */
function toResponse(id: RouteId, answer: ApiAnswer, requestId: string): ApiResponse {
  const { body, contentType } = answer;
  return {
    statusCode: answer.status ?? ROUTES[id].status,
    headers: {
      ...SECURITY_HEADERS,
      'content-type':
        contentType === undefined ? 'application/json' : `${contentType}; charset=utf-8`,
      'x-request-id': requestId,
      ...answer.headers,
    },
    body: contentType === undefined ? JSON.stringify(body) : String(body),
  };
}

const withHeaders = (response: ApiResponse, headers: Readonly<Record<string, string>>) => ({
  ...response,
  headers: { ...response.headers, ...headers },
});

/**
 * Wraps routes as a Lambda function behind API Gateway.
 * @param always headers of every answer, refusals too
 */
export function apiHandler(
  handlers: Partial<Record<RouteId, RouteHandler>>,
  authorizer: Authorizer | null,
  always: Readonly<Record<string, string>> = {},
): (event: APIGatewayProxyEvent, context?: unknown) => Promise<ApiResponse> {
  const core = async (event: APIGatewayProxyEvent): Promise<ApiResponse> => {
    const requestId = event.requestContext?.requestId ?? 'unknown';
    try {
      const id = routeOf(event);
      const handle = handlers[id];
      if (!handle)
        throw new KeyturnError('RouteNotFound', 'this function does not answer that route');
      const answer = await handle(toRequest(event, ROUTES[id].action, authorizer));
      return withHeaders(toResponse(id, answer, requestId), always);
    } catch (error) {
      return withHeaders(problem(error, requestId), always);
    }
  };
  return middy(core) as unknown as (
    event: APIGatewayProxyEvent,
    context?: unknown,
  ) => Promise<ApiResponse>;
}
