// SPDX-License-Identifier: Apache-2.0
// The runtime of a function's process: imports the handler, then answers one line on a pipe of its own for each line
// on standard input. It ends with its standard input.
import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const pipe = Number(process.argv[2]);
const { env } = process;

function send(answer) {
  let left = Buffer.from(`${JSON.stringify(answer)}\n`);
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(pipe, left));
    } catch (error) {
      // The reader is behind; the pipe takes more in a moment.
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function failure(error) {
  const body = {
    errorType: error?.name ?? 'Error',
    errorMessage: error?.message ?? String(error),
    trace: (error?.stack ?? '').split('\n'),
  };
  return { type: 'error', body: JSON.stringify(body) };
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

async function findHandler() {
  const point = env._HANDLER.lastIndexOf('.');
  const base = join(env.LAMBDA_TASK_ROOT, env._HANDLER.slice(0, point));
  const file = ['.mjs', '.js', '.cjs'].map((ending) => base + ending).find(existsSync);
  if (file === undefined) throw named('Runtime.ImportModuleError', `Cannot find module '${base}'`);
  const module = await import(pathToFileURL(file));
  const name = env._HANDLER.slice(point + 1);
  const handler = module[name] ?? module.default?.[name];
  if (typeof handler === 'function') return handler;
  throw named('Runtime.HandlerNotFound', `${env._HANDLER} is undefined or not exported`);
}

function contextOf(invocation) {
  const end = Date.now() + invocation.timeout * 1000;
  return {
    awsRequestId: invocation['invoke-id'],
    invokedFunctionArn: invocation['invoked-function-arn'],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => end - Date.now(),
  };
}

function dieOf(error) {
  console.error(error);
  send(failure(error));
  process.exit(1);
}

process.on('uncaughtException', dieOf);
const handler = await findHandler().catch(dieOf);
send({ type: 'ready' });
for await (const line of createInterface({ input: process.stdin })) {
  const invocation = JSON.parse(line);
  if (invocation['trace-id']) env._X_AMZN_TRACE_ID = invocation['trace-id'];
  try {
    const event = invocation.payload ? JSON.parse(invocation.payload) : {};
    const result = await handler(event, contextOf(invocation));
    send({ type: 'response', body: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    console.error(error);
    send(failure(error));
  }
}
