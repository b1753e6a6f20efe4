// SPDX-License-Identifier: Apache-2.0
// Lambda authorizer of the people API: verifies the OIDC token itself and hands on immutable id and group ids. Group
// names are never read from API Gateway's flattened claims, where a crafted name can look like two groups.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';
import { DIRECTORY } from '#policies/directory.ts';
import { environmentOf } from '../shared/environment.ts';
import { logger } from '../shared/logging.ts';

const environment = environmentOf('authorize-person');
const keys = createRemoteJWKSet(new URL(environment.JWKS_URL));

/** Asymmetric algorithms only: with HS256 a public key could be used as the secret. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const Claims = z.object({
  sub: z.string().regex(/^[A-Za-z0-9_|@.:-]{1,128}$/),
  groups: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/))
    .max(64)
    .default([]),
});
const Event = z.object({
  authorizationToken: z.string().max(16_384).optional(),
  methodArn: z.string(),
});

async function verifiedClaims(header: string | undefined): Promise<z.infer<typeof Claims>> {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(header ?? '')?.[1];
  if (!token) throw new Error('no bearer token');
  const { payload } = await jwtVerify(token, keys, {
    issuer: environment.ISSUER,
    audience: environment.AUDIENCE,
    algorithms: ALGORITHMS,
    requiredClaims: ['sub', 'exp', 'iat'],
    // Tolerates small clock differences between issuer and us.
    clockTolerance: 30,
  });
  return Claims.parse(payload);
}

/** One policy for the whole stage: what a person may do is decided per object behind it. */
function allow(methodArn: string, claims: z.infer<typeof Claims>) {
  const [api, stage] = methodArn.split('/');
  const person = DIRECTORY[environment.STAGE].find((known) => known.sub === claims.sub);
  return {
    principalId: claims.sub,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${api}/${stage}/*` }],
    },
    context: {
      sub: claims.sub,
      name: person?.user ?? claims.sub,
      groups: JSON.stringify(claims.groups),
    },
  };
}

export const handler = async (event: unknown) => {
  try {
    const { authorizationToken, methodArn } = Event.parse(event);
    return allow(methodArn, await verifiedClaims(authorizationToken));
  } catch (error) {
    logger.warn('token refused', {
      reason: error instanceof Error ? error.message.slice(0, 200) : 'unknown',
    });
    // API Gateway turns exactly this message into a 401.
    throw new Error('Unauthorized');
  }
};
