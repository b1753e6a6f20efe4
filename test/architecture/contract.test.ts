// SPDX-License-Identifier: Apache-2.0
// One word finds a feature: names of the contract, of folders and of workflows are the same names.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BASE_ENVIRONMENT,
  FUNCTION_ENVIRONMENT,
  FUNCTION_NAMES,
} from '#core/contract/environment.ts';
import { ERROR_CODES } from '#core/contract/errors.ts';
import { ACTIONS, ROUTES, type Route } from '#core/contract/routes.ts';
import { OPERATION_KINDS, STEPS } from '#core/contract/vocabulary.ts';
import { ROLE_RULES } from '#policies/roles.ts';
import { allStates, readWorkflow, readWorkflowText, WORKFLOWS } from '#test/support/asl.ts';
import { pascalCase } from '#test/workflows/placeholders.ts';
import { MODULES, ROOT } from './modules.ts';

const SOURCES = MODULES.filter((module) => !module.file.startsWith('test/'));
const textOf = (file: string) => SOURCES.find((module) => module.file === file)?.text ?? '';

describe('functions', () => {
  it('have a folder each, with a handler, and every folder is a function', () => {
    const folders = readdirSync(join(ROOT, 'functions')).filter((folder) => folder !== 'shared');

    expect(folders.sort()).toEqual([...FUNCTION_NAMES].sort());
    expect(FUNCTION_NAMES.filter((name) => textOf(`functions/${name}/handler.ts`) === '')).toEqual(
      [],
    );
  });

  it('parse the environment under their own name', () => {
    const wrong = FUNCTION_NAMES.filter(
      (name) => !textOf(`functions/${name}/handler.ts`).includes(`environmentOf('${name}')`),
    );

    expect(wrong).toEqual([]);
  });

  it('read every variable that is declared for them, and no other', () => {
    const findings = FUNCTION_NAMES.flatMap((name) => {
      const declared = Object.keys(FUNCTION_ENVIRONMENT[name]);
      const text = textOf(`functions/${name}/handler.ts`);
      const read = [...text.matchAll(/environment\.([A-Z_]+)/g)].map(
        ([, variable]) => variable ?? '',
      );
      const known = [...declared, ...Object.keys(BASE_ENVIRONMENT)];
      return [
        ...declared
          .filter((variable) => !read.includes(variable))
          .map((v) => `${name} never reads ${v}`),
        ...read.filter((variable) => !known.includes(variable)).map((v) => `${name} reads ${v}`),
      ];
    });

    expect(findings).toEqual([]);
  });

  it('are each used by a route, a workflow, a rule, a schedule or the API itself', () => {
    const byRoute = Object.values(ROUTES).map((route) => route.function as string);
    const workflows = WORKFLOWS.map(readWorkflowText).join('\n');
    const rules = ['signals', 'key-use', 'events']
      .map((name) => textOf(`lib/stacks/${name}-stack.ts`))
      .join();
    const schedules = textOf('lib/stacks/schedules-stack.ts');
    const unused = FUNCTION_NAMES.filter((name) => name !== 'authorize-person')
      .filter((name) => !byRoute.includes(name))
      .filter((name) => !workflows.includes(`{${pascalCase(name)}Fn}`))
      .filter((name) => !rules.includes(`functions['${name}']`))
      .filter((name) => !schedules.includes(`names.of('${name}')`));

    expect(unused).toEqual([]);
  });
});

describe('routes', () => {
  const routes: [string, Route][] = Object.entries(ROUTES);

  it('are answered by their function', () => {
    const findings = routes
      .filter(([id, route]) => {
        const text = textOf(`functions/${route.function}/handler.ts`);
        return !new RegExp(`\\b${id}\\b`).test(text.slice(text.lastIndexOf('apiHandler(')));
      })
      .map(([id]) => id);

    expect(findings).toEqual([]);
  });

  it('are one per method and path', () => {
    const places = routes.map(([, route]) => `${route.method} ${route.path}`);

    expect(new Set(places).size).toBe(places.length);
  });

  it('that start work need an Idempotency-Key and answer 202', () => {
    const starting = routes.filter(([, route]) => route.status === 202);

    expect(starting.filter(([, route]) => route.idempotent !== true)).toEqual([]);
  });

  it('are public only for health, the contract, pages of mails and the status list', () => {
    const open = routes.filter(([, route]) => route.action === null).map(([id]) => id);

    expect(open).toEqual([
      // Relying parties need no account.
      'getStatusList',
      // What proves who calls is in the request itself.
      'showMailPage',
      'answerMail',
      'showEnrollPage',
      'answerEnrollPage',
      'answerSlack',
      'getHealth',
      'getNoticeKeys',
      'getOpenApi',
    ]);
  });

  it('use each action at least once, and rules name no other', () => {
    const used = routes.map(([, route]) => route.action);

    expect(ACTIONS.filter((action) => !used.includes(action))).toEqual([]);
    expect(
      ROLE_RULES.flatMap((rule) => rule.actions).filter((action) => !ACTIONS.includes(action)),
    ).toEqual([]);
  });
});

describe('workflows', () => {
  it('are one per kind of operation, the short rotation, the sweep, the review, approvals, recovery, and what undoes', () => {
    const others = [
      'approve',
      'rotate-data-key',
      'rotation-sweep',
      'review-policies',
      'undo-operation',
      'recover-key-store',
      'destroy-key',
      'contain-scope',
    ];
    // Suspensions are confirmed by the machine of revocations.
    const kinds = OPERATION_KINDS.filter((kind) => kind !== 'suspend-key');
    expect([...kinds, ...others].sort()).toEqual(WORKFLOWS);
  });

  it('have states for the steps that an operation shows', () => {
    const kinds = [
      ...['generate-key', 'adopt-key', 'rotate-key', 'update-access', 'reencrypt'],
      ...['revoke-key', 'resume-key'],
    ];
    const states = kinds.flatMap((name) => allStates(readWorkflow(name)).map(([state]) => state));

    // Before and at the switch, in its state: a key without consumers pays nothing for them.
    const inOthers = ['Admitted', 'StageVersion', 'AwaitAcknowledgements', 'RollBack'];
    expect(STEPS.filter((step) => !inOthers.includes(step) && !states.includes(step))).toEqual([]);
  });

  it('match only error names that something throws', () => {
    const matched = WORKFLOWS.flatMap((name) => allStates(readWorkflow(name)))
      .flatMap(([, state]) => [...(state.Retry ?? []), ...(state.Catch ?? [])])
      .flatMap((entry) => entry.ErrorEquals)
      .filter((name) => !name.includes('.'));

    expect(
      [...new Set(matched)].filter((name) => !(ERROR_CODES as string[]).includes(name)),
    ).toEqual([]);
  });
});

describe('error names', () => {
  it('are each thrown somewhere', () => {
    const code = SOURCES.filter((module) => /^(core|adapters|functions)\//.test(module.file))
      .filter((module) => module.file !== 'core/contract/errors.ts')
      .map((module) => module.text)
      .join('\n');

    expect(ERROR_CODES.filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });
});
