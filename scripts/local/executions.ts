// SPDX-License-Identifier: Apache-2.0
// What an execution did on the local stack, from its history and those of its map runs' children. The emulator's
// histories show the states of an execution itself, and of a child the tasks alone.
import {
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  ListMapRunsCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';

/** Every event of an execution, in order. */
export async function historyOf(sfn: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const command = new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, nextToken });
    const page = await sfn.send(command);
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events;
}

/** Histories of the children of each map run of an execution, map runs in the order in which they began. */
export async function childrenOf(
  sfn: SFNClient,
  executionArn: string,
): Promise<readonly (readonly HistoryEvent[])[][]> {
  const { mapRuns = [] } = await sfn.send(new ListMapRunsCommand({ executionArn }));
  const ordered = mapRuns.toSorted((a, b) => Number(a.startDate) - Number(b.startDate));
  return Promise.all(ordered.map(({ mapRunArn }) => historiesOf(sfn, mapRunArn ?? '')));
}

async function historiesOf(sfn: SFNClient, mapRunArn: string): Promise<HistoryEvent[][]> {
  const histories: HistoryEvent[][] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(new ListExecutionsCommand({ mapRunArn, nextToken }));
    for (const { executionArn } of page.executions ?? [])
      histories.push(await historyOf(sfn, executionArn ?? ''));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return histories;
}

/** Name of an execution's ARN at its machine. */
export function executionArnOf(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}
