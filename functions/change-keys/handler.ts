// SPDX-License-Identifier: Apache-2.0
// Creates keys, starts rotations, sets due dates. It never touches KMS: the workflows do, under other roles.
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import {
  CreateKeyRequest,
  KeyName,
  StartRotationRequest,
  UpdateKeyRequest,
} from '#core/contract/api.ts';
import { SHARDS } from '#core/contract/table.ts';
import { idempotencyClaim } from '#core/operations/admit-operation.ts';
import { assignKey } from '#core/operations/assign-key.ts';
import { generateKey, type KeySite } from '#core/operations/generate-key.ts';
import { namedCircle } from '#core/operations/request-escrow.ts';
import { rotateKey } from '#core/operations/rotate-key.ts';
import { updateKey } from '#core/operations/update-key.ts';
import { CLASSES } from '#policies/classes.ts';
import { type ApiRequest, apiHandler, type RouteHandler } from '../shared/api-handler.ts';
import { idempotencyKeyOf, ifMatchOf, parseBody } from '../shared/api-request.ts';
import { environmentOf } from '../shared/environment.ts';
import { accessObject, etag, existing, keyView } from '../shared/views.ts';
import {
  authorizer,
  custodians,
  directory,
  ledger,
  scopeRows,
  workflows,
} from '../shared/wiring.ts';

const environment = environmentOf('change-keys');
const table = ledger(environment.TABLE_NAME);
const deps = {
  ledger: table,
  scopes: scopeRows(environment.TABLE_NAME),
  workflows: workflows({
    'generate-key': environment.GENERATE_KEY_ARN,
    'rotate-key': environment.ROTATE_KEY_ARN,
    'rotate-data-key': environment.ROTATE_DATA_KEY_ARN,
  }),
  directory: directory(environment.STAGE),
  classes: CLASSES,
  clock: systemClock,
  ids: ulidIds,
  waits: { settleSeconds: environment.SETTLE_SECONDS, bakeSeconds: environment.BAKE_SECONDS },
};
const people = custodians(environment.STAGE, environment.PEOPLE);
const site: KeySite = {
  stage: environment.STAGE,
  keyStore: environment.KEY_STORE_NAME,
  environments: environment.ENVIRONMENTS_SERVED,
  classes: CLASSES,
  dataKeyShards: SHARDS,
  hsmType: environment.HSM_TYPE,
};
const where = { account: environment.ACCOUNT_ID, region: process.env['AWS_REGION'] ?? 'us-east-1' };

const accepted = (operationId: string) => ({
  body: { operationId },
  headers: { location: `/v1/operations/${operationId}` },
});

const createKey: RouteHandler = async (request) => {
  const decision = await request.authorize({});
  const header = idempotencyKeyOf(request.event);
  const input = parseBody(request.event, CreateKeyRequest);
  const { principal } = request;
  const claim = idempotencyClaim(principal.id, 'POST /v1/keys', header, input);
  const escrow = await namedCircle(people, input);
  const { operationId } = await generateKey(
    deps,
    site,
    { ...input, escrow },
    { principal, decision, claim },
  );
  return accepted(operationId);
};

/** The key to change, once the caller was found to be allowed to. */
async function changeableKey(request: ApiRequest) {
  const name = request.path['name'] ?? '';
  const key = KeyName.safeParse(name).success ? await table.readKeyRecord(name) : null;
  const decision = await request.authorize(accessObject(key));
  return { key: existing(key, name.slice(0, 64)), decision };
}

const startRotation: RouteHandler = async (request) => {
  const { key, decision } = await changeableKey(request);
  const header = idempotencyKeyOf(request.event);
  const body = parseBody(request.event, StartRotationRequest);
  const { operationId } = await rotateKey(deps, {
    name: key.name,
    stage: environment.STAGE,
    trigger: 'api',
    requestedBy: request.principal.id,
    reason: body.reason ?? null,
    planDigest: body.planDigest ?? null,
    decision,
    claim: idempotencyClaim(
      request.principal.id,
      `POST /v1/keys/${key.name}/rotations`,
      header,
      body,
    ),
  });
  return accepted(operationId);
};

/** When it is due, or where it is used: each is a change of its own. */
const changeKey: RouteHandler = async (request) => {
  const { key, decision } = await changeableKey(request);
  const expectedRevision = ifMatchOf(request.event);
  const { nextRotationAt, ...assigned } = parseBody(request.event, UpdateKeyRequest);
  const change = { name: key.name, expectedRevision, by: request.principal.id, decision };
  const updated =
    nextRotationAt === undefined
      ? await assignKey(deps, { ...change, ...assigned })
      : // One form for every instant, so that they compare as text.
        await updateKey(deps, {
          ...change,
          nextRotationAt: new Date(nextRotationAt).toISOString(),
        });
  return { body: keyView(updated, where), headers: etag(updated.revision) };
};

export const handler = apiHandler(
  { createKey, startRotation, updateKey: changeKey },
  authorizer(environment.STAGE),
);
