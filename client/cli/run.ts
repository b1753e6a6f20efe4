// SPDX-License-Identifier: Apache-2.0
// Runs one command line against a host and gives its exit code. Holds no state and never exits the process.
import { Command, CommanderError } from 'commander';
import { type Act, createRoot, flagsOf } from './command-tree.ts';
import { addApprovalCommands } from './commands/approval.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addBrakeCommands } from './commands/brake.ts';
import { addCalendarCommand } from './commands/calendar.ts';
import { addConsumerCommands } from './commands/consumer.ts';
import { addContainmentCommands } from './commands/containment.ts';
import { addDataKeyCommands } from './commands/data-key.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrillCommands } from './commands/drill.ts';
import { addElevationCommands } from './commands/elevation.ts';
import { addEscrowCommands } from './commands/escrow.ts';
import { addHelp } from './commands/help.ts';
import { addHoldCommands } from './commands/hold.ts';
import { addHsmCommands } from './commands/hsm.ts';
import { addIncidentCommands } from './commands/incident.ts';
import { addKeyCommands } from './commands/key.ts';
import { addKeyStoreCommands } from './commands/key-store.ts';
import { addLocalIdentityCommands } from './commands/local-identity.ts';
import { addOperationCommands } from './commands/operation.ts';
import { addPauseCommands } from './commands/pause.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addRecoveryCommands } from './commands/recovery.ts';
import { addReencryptCommands } from './commands/reencrypt.ts';
import { addRevocationCommands } from './commands/revocation.ts';
import { addRotationCommands } from './commands/rotation.ts';
import { addSignerCommands } from './commands/signer.ts';
import { addSourceCommands } from './commands/source.ts';
import { type Context, openContext } from './context.ts';
import { EXIT_CODES, type Outcome, outcomeOf } from './exit-codes.ts';
import { explain } from './explain.ts';
import { PrintedInstead, UsageError } from './failures.ts';
import type { Host } from './host.ts';
import { createReport, type Report } from './report.ts';
import { OUTPUTS } from './settings.ts';

/** Builds the whole command tree; `act` decides what running a command means. */
export function createProgram(host: Host, act: Act): Command {
  const program = createRoot(host.version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      // Told by `explain`, in the same words as every other failure.
      outputError: () => {},
      getOutHelpWidth: () => host.stdout.columns ?? 80,
      getErrHelpWidth: () => host.stderr.columns ?? 80,
    });
  addKeyCommands(program, act);
  addDataKeyCommands(program, act);
  addConsumerCommands(program, act);
  addRotationCommands(program, act);
  addSourceCommands(program, act);
  addReencryptCommands(program, act);
  addHoldCommands(program, act);
  addApprovalCommands(program, act);
  addContainmentCommands(program, act);
  addElevationCommands(program, act);
  addPauseCommands(program, act);
  addBrakeCommands(program, act);
  addSignerCommands(program, act);
  addRecoveryCommands(program, act);
  addIncidentCommands(program, act);
  addEscrowCommands(program, act);
  addPolicyCommands(program, act);
  addOperationCommands(program, act);
  addCalendarCommand(program, act);
  addRevocationCommands(program, act);
  addAuditCommands(program, act);
  addKeyStoreCommands(program, act);
  addHsmCommands(program, act);
  addDrillCommands(program, act);
  addLocalIdentityCommands(program, act);
  addDoctor(program, act);
  addHelp(program, act);
  return program;
}

function reportOf(host: Host, program: Command, context: Context | null): Report {
  if (context) return context.report;
  const { output, color } = flagsOf(program);
  const form = OUTPUTS.includes(output) ? output : 'table';
  return createReport(host.stderr, form, color && !host.env['NO_COLOR']);
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  return new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
}

/** What a thrown error means; explains it unless there is nothing to explain. */
function conclude(host: Host, report: Report, error: unknown): Outcome {
  if (error instanceof PrintedInstead) return 'ok';
  if (error instanceof CommanderError && error.exitCode === 0) return 'ok';
  // Commander has shown the help of a noun without a verb.
  if (error instanceof CommanderError && error.code === 'commander.help') return 'usage';
  if (host.interrupt.aborted) {
    report.notice('interrupted', { notice: 'interrupted' });
    return 'interrupted';
  }
  const failure = asFailure(error);
  explain(report, failure);
  return outcomeOf(failure);
}

/** @param argv arguments without the program's own name */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  let outcome: Outcome = 'ok';
  let context: Context | null = null;
  const act: Act =
    <A extends readonly unknown[]>(action: (context: Context, ...args: A) => Promise<Outcome>) =>
    async (...all: unknown[]) => {
      const command = all.pop();
      if (!(command instanceof Command)) throw new TypeError('commander passes the command last');
      context = openContext(host, flagsOf(command));
      // Commander passes what the command declares: its arguments, then its options.
      outcome = await action(context, ...(all as unknown as A));
    };
  const program = createProgram(host, act);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    outcome = conclude(host, reportOf(host, program, context), error);
  }
  return EXIT_CODES[outcome].code;
}
