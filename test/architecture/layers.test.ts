// SPDX-License-Identifier: Apache-2.0
// Who may import whom, and how large and how named things are: the rules of `rooms.ts` over every file.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MODULES, type Module, ROOT } from './modules.ts';
import { DOORS, LONG_FILES, ROOMS, type Room } from './rooms.ts';

const SOURCES = MODULES.filter((module) => !module.file.startsWith('test/'));
const MAX_LINES = 400;

function roomOf(file: string): [string, Room] | undefined {
  return Object.entries(ROOMS).find(([, room]) => room.at.test(file));
}

/** The part of the path that makes the room: `adapters/kms/` for each adapter its own. */
const placeOf = (room: Room, file: string) => room.at.exec(file)?.[0] ?? '';

function illegalImports(module: Module): string[] {
  const [, room] = roomOf(module.file) ?? [];
  if (!room) return ['is in no room'];
  const place = placeOf(room, module.file);
  const ours = module.ours.filter(
    (path) => !path.startsWith(place) && !room.ours.some((allowed) => allowed.test(path)),
  );
  return [...ours, ...module.packages.filter((name) => !room.packages.test(name))];
}

/** The first import cycle found, as its files in order. */
function findCycle(modules: readonly Module[]): string[] {
  const byFile = new Map(modules.map((module) => [module.file, module]));
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of byFile.get(file)?.ours ?? []) {
      const cycle = walk(next, [...trail, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const { file } of modules) {
    const cycle = walk(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

describe('imports', () => {
  it.each(Object.keys(ROOMS))('of %s stay within what the room may see', (name) => {
    const members = SOURCES.filter((module) => roomOf(module.file)?.[0] === name);
    const findings = members.flatMap((module) =>
      illegalImports(module).map((what) => `${module.file} imports ${what}`),
    );

    expect(members.length, `${name} has files`).toBeGreaterThan(0);
    expect(findings).toEqual([]);
  });

  it('come from a room, in every source file', () => {
    expect(SOURCES.filter((module) => !roomOf(module.file)).map((module) => module.file)).toEqual(
      [],
    );
  });

  it('lead to files that exist', () => {
    const missing = MODULES.flatMap((module) =>
      module.ours
        .filter((path) => !existsSync(join(ROOT, path)))
        .map((path) => `${module.file} imports ${path}`),
    );

    expect(missing).toEqual([]);
  });

  it('never lead into the tests from outside them', () => {
    const findings = SOURCES.filter((module) =>
      module.ours.some((path) => path.startsWith('test/')),
    );

    expect(findings.map((module) => module.file)).toEqual([]);
  });

  it('form no cycle', () => {
    expect(findCycle(MODULES)).toEqual([]);
  });

  it('across rooms use the aliases, not climbing paths', () => {
    const climbing = SOURCES.filter((module) => !/^(lib|bin|client)\//.test(module.file)).flatMap(
      (module) =>
        [...module.text.matchAll(/from '(\.\.\/[^']+)'/g)]
          .map(([, specifier]) => specifier ?? '')
          .filter((specifier) => {
            const target = join(module.file, '..', specifier);
            return target.split('/')[0] !== module.file.split('/')[0] && !target.endsWith('.json');
          })
          .map((specifier) => `${module.file} imports ${specifier}`),
    );

    expect(climbing).toEqual([]);
  });
});

describe('the import rules', () => {
  const aModule = (file: string, ours: string[], packages: string[] = []): Module => ({
    file,
    text: '',
    ours,
    packages,
  });

  it.each([
    aModule('core/operations/x.ts', ['functions/shared/wiring.ts']),
    aModule('core/operations/x.ts', [], ['node:fs']),
    aModule('core/contract/x.ts', ['core/errors.ts']),
    aModule('adapters/kms/x.ts', ['adapters/dynamodb/ledger.ts']),
    aModule('adapters/kms/x.ts', ['core/operations/rotate-key.ts']),
    aModule('functions/a/x.ts', ['functions/b/handler.ts']),
    aModule('emulator/x.ts', ['core/errors.ts']),
    aModule('emulator/x.ts', ['adapters/kms/errors.ts']),
    aModule('client/sdk/x.ts', ['core/operations/rotate-key.ts']),
    aModule('lib/stacks/x.ts', ['functions/a/handler.ts']),
    aModule('lib/stacks/x.ts', ['policies/roles.ts']),
    aModule('scripts/x.ts', ['functions/a/handler.ts']),
    aModule('nowhere/x.ts', []),
  ])('refuse $file importing $ours$packages', (module) => {
    expect(illegalImports(module)).not.toEqual([]);
  });

  it('find a cycle through three files', () => {
    const cycle = [aModule('a.ts', ['b.ts']), aModule('b.ts', ['c.ts']), aModule('c.ts', ['a.ts'])];

    expect(findCycle(cycle)).toEqual(['a.ts', 'b.ts', 'c.ts', 'a.ts']);
  });
});

describe('core', () => {
  it('reads no clock, environment or randomness of its own', () => {
    const forbidden =
      /\bDate\.now\(|new Date\(\)|Math\.random|process\.|random(Bytes|UUID|Int)\(|performance\./;
    const findings = SOURCES.filter((module) => module.file.startsWith('core/'))
      .filter((module) => forbidden.test(module.text))
      .map((module) => module.file);

    expect(findings).toEqual([]);
  });
});

describe('files', () => {
  const linesOf = (module: Module) => module.text.trimEnd().split('\n').length;

  it(`have at most ${MAX_LINES} lines, or a reason`, () => {
    const long = MODULES.filter((module) => linesOf(module) > MAX_LINES).map(
      (module) => module.file,
    );

    expect(long.filter((file) => !(file in LONG_FILES))).toEqual([]);
    expect(Object.keys(LONG_FILES).filter((file) => !long.includes(file))).toEqual([]);
  });

  it.each([
    { kind: 'functions with routes', limit: 130, hasRoutes: true },
    { kind: 'functions with one duty', limit: 75, hasRoutes: false },
  ])('are handlers of at most $limit lines, for $kind', ({ limit, hasRoutes }) => {
    const long = SOURCES.filter((module) => /^functions\/.*handler\.ts$/.test(module.file))
      .filter((module) => module.text.includes('apiHandler(') === hasRoutes)
      .filter((module) => linesOf(module) > limit)
      .map((module) => module.file);

    expect(long).toEqual([]);
  });

  it('are no barrels', () => {
    const doors = SOURCES.filter((module) => basename(module.file) === 'index.ts');

    expect(doors.map((module) => module.file)).toEqual(DOORS);
  });

  it('are named in kebab-case, for what they hold', () => {
    const vague = /(^|[-/])(utils?|helpers?|common|misc|manager|impl)([-./]|$)/;
    const names = SOURCES.map((module) => module.file);

    expect(names.filter((file) => vague.test(file))).toEqual([]);
    expect(names.filter((file) => !/^([a-z0-9-]+\/)+[a-z0-9-]+(\.[a-z]+)+$/.test(file))).toEqual(
      [],
    );
  });

  it('open with the licence, and sources beyond a few lines say what lives in them', () => {
    const open = MODULES.filter(
      (module) => !module.text.startsWith('// SPDX-License-Identifier: Apache-2.0\n'),
    );
    const silent = SOURCES.filter((module) => linesOf(module) > 40)
      .filter((module) => !/^\/\/ SPDX[^\n]*\n(\/\/|\/\*\*)/.test(module.text))
      .map((module) => module.file);

    expect(open.map((module) => module.file)).toEqual([]);
    expect(silent).toEqual([]);
  });
});
