// SPDX-License-Identifier: Apache-2.0
// The route by which a consumer says that its caches hold nothing of a stopped key any more.
import { KeyName } from '#core/contract/api.ts';
import { AcknowledgePurgeRequest } from '#core/contract/consumers.ts';
import { acknowledgePurge, type PurgeDeps } from '#core/operations/acknowledge-purge.ts';
import type { RouteHandler } from './api-handler.ts';
import { parseBody } from './api-request.ts';
import { consumerView } from './consumer-views.ts';
import { accessObject, existing } from './views.ts';

export function purgeRoute(deps: PurgeDeps): RouteHandler {
  const { ledger, clock } = deps;
  return async (request) => {
    const [name = '', consumer = ''] = [request.path['name'], request.path['consumer']];
    const snapshot = KeyName.safeParse(name).success ? await ledger.readKey(name) : null;
    const known = snapshot?.consumers.find((one) => one.name === consumer);
    // A caller that is not the consumer cannot tell which consumers and keys there are.
    const decision = await request.authorize({
      ...accessObject(snapshot?.key ?? null),
      ...(known ? { consumer: known } : {}),
    });
    const { operationId } = parseBody(request.event, AcknowledgePurgeRequest);
    const by = request.principal.id;
    const key = existing(snapshot?.key ?? null, name.slice(0, 64)).name;
    const told = { key, consumer: consumer.slice(0, 64), operationId, by, decision };
    const purged = await acknowledgePurge(deps, told);
    return { body: consumerView(purged.consumer, purged.snapshot, clock.now()) };
  };
}
