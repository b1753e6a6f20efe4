// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { Health } from '#core/contract/api.ts';
import { openApiDocument } from '#core/contract/openapi.ts';
import { current, renewWorld, request } from '#test/support/functions.ts';
import packageJson from '../../package.json' with { type: 'json' };

const { handler } = await import('#functions/serve-contract/handler.ts');

beforeEach(async () => {
  await renewWorld();
});

describe('GET /v1/health', () => {
  it('answers ok with stage and version, to anybody', async () => {
    const { status, headers, body } = await request(handler, 'getHealth', { as: null });

    expect(status).toBe(200);
    expect(Health.parse(body)).toEqual({
      status: 'ok',
      stage: 'local',
      version: packageJson.version,
      isPaused: false,
    });
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'request-1',
    });
  });

  it('answers degraded, and not why, when the table is not reachable', async () => {
    current.world.pauses.readPause = async () => {
      throw new Error('no route to keyturn-local');
    };
    const { status, body } = await request(handler, 'getHealth', { as: null });

    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ status: 'degraded', stage: 'local', version: packageJson.version, isPaused: null },
    });
  });
});

describe('GET /v1/openapi.json', () => {
  it('answers the contract of this version', async () => {
    const { status, body } = await request(handler, 'getOpenApi', { as: null });

    expect(status).toBe(200);
    expect(body).toEqual(JSON.parse(JSON.stringify(openApiDocument(packageJson.version))));
  });
});

describe('serve-contract', () => {
  it('answers no other route, even to an operator', async () => {
    expect(await request(handler, 'listKeys', { as: { person: 'alice' } })).toMatchObject({
      status: 404,
      body: { code: 'RouteNotFound' },
    });
  });
});
