// SPDX-License-Identifier: Apache-2.0
// All materials of keys that have, or may get, more than one: rotated keys and keys with imported material.
// The key's own row holds the current material; a key without rows here has its first material only.
import type { SQLOutputValue } from 'node:sqlite';
import type { Database } from './database.ts';

export type MaterialState = 'CURRENT' | 'NON_CURRENT' | 'PENDING_ROTATION';
export type RotationType = 'AUTOMATIC' | 'ON_DEMAND';

/** One material of a key. Instants are epoch milliseconds. */
export interface MaterialRecord {
  readonly keyId: string;
  /** Counts from 0 in the order in which materials joined the key. */
  readonly sequence: number;
  readonly materialId: string;
  /** Under the domain key; null while imported material is not there. */
  readonly wrappedKey: Buffer | null;
  readonly state: MaterialState;
  readonly rotatedAt: number | null;
  readonly rotationType: RotationType | null;
  readonly description: string | null;
  /** When imported material expires; null when it does not. */
  readonly validTo: number | null;
}

/** When a key rotates. Instants are epoch milliseconds. */
export interface RotationPlan {
  readonly keyId: string;
  readonly nextAt: number | null;
  readonly onDemandCount: number;
  /** When a rotation on demand began that is still running. */
  readonly startedAt: number | null;
}

/** What an import token stands for. */
export interface ImportParameters {
  readonly token: string;
  readonly keyId: string;
  readonly algorithm: string;
  readonly wrappedPrivateKey: Buffer;
  readonly validTo: number;
}

type Row = Record<string, SQLOutputValue>;

const bytes = (value: SQLOutputValue | undefined) =>
  value instanceof Uint8Array ? Buffer.from(value) : null;

function toMaterial(row: Row): MaterialRecord {
  return {
    keyId: row['key_id'] as string,
    sequence: row['sequence'] as number,
    materialId: row['material_id'] as string,
    wrappedKey: bytes(row['wrapped_key']),
    state: row['state'] as MaterialState,
    rotatedAt: row['rotated_at'] as number | null,
    rotationType: row['rotation_type'] as RotationType | null,
    description: row['description'] as string | null,
    validTo: row['valid_to'] as number | null,
  };
}

function toPlan(row: Row): RotationPlan {
  return {
    keyId: row['key_id'] as string,
    nextAt: row['next_at'] as number | null,
    onDemandCount: row['on_demand_count'] as number,
    startedAt: row['started_at'] as number | null,
  };
}

/** The tables of materials, rotation plans and import tokens. */
export class KeyMaterials {
  readonly #database: Database;
  /** Plans are asked for at every use of a key, so they are held here as well. */
  readonly #plans: Map<string, RotationPlan>;

  constructor(database: Database) {
    this.#database = database;
    const plans = database.prepare('SELECT * FROM key_rotations').all().map(toPlan);
    this.#plans = new Map(plans.map((plan) => [plan.keyId, plan]));
  }

  /** Runs writes that belong together: all of them are kept, or none. */
  together<Result>(work: () => Result): Result {
    this.#database.prepare('BEGIN').run();
    try {
      const result = work();
      this.#database.prepare('COMMIT').run();
      return result;
    } catch (error) {
      this.#database.prepare('ROLLBACK').run();
      throw error;
    }
  }

  /** The materials of a key, oldest first. */
  ofKey(keyId: string): MaterialRecord[] {
    return this.#database
      .prepare('SELECT * FROM key_materials WHERE key_id = ? ORDER BY sequence')
      .all(keyId)
      .map(toMaterial);
  }

  /** Writes a material, new or changed. */
  put(material: MaterialRecord): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO key_materials VALUES (?,?,?,?,?,?,?,?,?)')
      .run(
        material.keyId,
        material.materialId,
        material.sequence,
        material.wrappedKey,
        material.state,
        material.rotatedAt,
        material.rotationType,
        material.description,
        material.validTo,
      );
  }

  /** Forgets one material. */
  remove(keyId: string, materialId: string): void {
    this.#database
      .prepare('DELETE FROM key_materials WHERE key_id = ? AND material_id = ?')
      .run(keyId, materialId);
  }

  /** Imported materials whose time is over and that are still there. */
  expired(now: number): MaterialRecord[] {
    return this.#database
      .prepare('SELECT * FROM key_materials WHERE valid_to <= ? AND wrapped_key IS NOT NULL')
      .all(now)
      .map(toMaterial);
  }

  /** The rotation plan of a key, or undefined when it never rotated nor will. */
  plan(keyId: string): RotationPlan | undefined {
    return this.#plans.get(keyId);
  }

  /** Changes a key's rotation plan. */
  setPlan(keyId: string, change: Partial<Omit<RotationPlan, 'keyId'>>): void {
    const none = { keyId, nextAt: null, onDemandCount: 0, startedAt: null };
    const plan = { ...(this.#plans.get(keyId) ?? none), ...change };
    this.#database
      .prepare('INSERT OR REPLACE INTO key_rotations VALUES (?,?,?,?)')
      .run(keyId, plan.nextAt, plan.onDemandCount, plan.startedAt);
    this.#plans.set(keyId, plan);
  }

  /** Remembers an import token. */
  putImport(parameters: ImportParameters): void {
    this.#database
      .prepare('INSERT INTO import_tokens VALUES (?,?,?,?,?)')
      .run(
        parameters.token,
        parameters.keyId,
        parameters.algorithm,
        parameters.wrappedPrivateKey,
        parameters.validTo,
      );
  }

  /** What an import token stands for. */
  findImport(token: string): ImportParameters | undefined {
    const row = this.#database.prepare('SELECT * FROM import_tokens WHERE token = ?').get(token);
    if (row === undefined) return undefined;
    return {
      token,
      keyId: row['key_id'] as string,
      algorithm: row['algorithm'] as string,
      wrappedPrivateKey: bytes(row['wrapped_private_key']) ?? Buffer.alloc(0),
      validTo: row['valid_to'] as number,
    };
  }

  /** Forgets all about a key. */
  removeKey(keyId: string): void {
    for (const table of ['key_materials', 'key_rotations', 'import_tokens']) {
      this.#database.prepare(`DELETE FROM ${table} WHERE key_id = ?`).run(keyId);
    }
    this.#plans.delete(keyId);
  }
}
