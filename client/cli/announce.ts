// SPDX-License-Identifier: Apache-2.0
// Before anything is changed: say where, and refuse when that is not certain. Rotating in a deployment that nobody
// named has taken services down elsewhere, so a stage is never implied, and a named one is compared with the API's own.
import { ProblemError } from '../sdk/index.ts';
import type { Context } from './context.ts';
import { UsageError } from './failures.ts';
import { requireEndpoint, type Sourced } from './settings.ts';

/** API Gateway host names carry the region. */
const REGIONAL_HOST = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/;

async function confirmStage({ client, report, signal }: Context, stage: Sourced): Promise<void> {
  try {
    const { body } = await client().getHealth({ signal });
    if (body.stage === stage.value) return;
    throw new UsageError(
      `the endpoint serves stage ${body.stage}, but ${stage.source} says ${stage.value}`,
      `pass --stage ${body.stage} if you mean it, else another --endpoint-url`,
    );
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    report.notice(`keyturn: the API does not tell its stage (${error.message})`, {
      notice: 'stage not confirmed',
      reason: error.message,
    });
  }
}

/**
 * Names account, region and stage of a change on standard error.
 * @param what such as `rotate key orders`
 * @throws UsageError when the stage is unknown or not the one the endpoint serves
 */
export async function announceChange(context: Context, what: string): Promise<void> {
  const { settings, report } = context;
  if (settings.flags.printCurl) return;
  const endpoint = requireEndpoint(settings);
  const { stage, stack } = settings;
  if (!stage)
    throw new UsageError(
      `the stage of ${endpoint} is unknown, and a change never implies one`,
      'pass --stage or set KEYTURN_STAGE',
    );
  const account = stack?.account ?? 'unknown';
  const region = stack?.region ?? REGIONAL_HOST.exec(endpoint)?.[1] ?? 'unknown';
  report.notice(
    `keyturn: ${what} in account ${account}, region ${region}, stage ${stage.value} (${stage.source})`,
    { change: what, account, region, stage: stage.value },
  );
  if (stack && stage.value === stack.stage) return;
  await confirmStage(context, stage);
}
