import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Ended, Kind, Lab } from './lab.js'

/** A command that is struck, and what has to be there before it. */
export interface Verb {
  name: string
  /** How often it is drawn. */
  weight: number
  /** Makes the state that it starts from. @returns its words */
  prepare(lab: Lab): Promise<string[]>
  /** Rows, as `id|app|name`, that it takes out. */
  removes?: RegExp
  /** It runs the code of the migration, backwards first or not. */
  runs?: 'forward' | 'both'
  mode?: 'shadow' | 'table'
  /** The code runs and is taken back: it never leaves anything. */
  rehearses?: true
  /** It writes no operation of its own. */
  unjournaled?: true
  /** Afterwards the history is, byte for byte, what it was in the beginning of all. */
  restores?: true
  /** It finishes what another one has left. */
  recovers?: true
}

async function must(lab: Lab, argv: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const ended = await lab.run([...argv, '--json'], env)
  if (ended.exitCode !== 0) throw new Error(`To prepare: ${argv.join(' ')}: ${ended.exitCode} ${ended.stdout} ${ended.stderr}`)
  return ended
}

const rerun = (...more: string[]) => ['rerun', 'shop', '0003', '--yes', '--json', ...more]

/** An operation that ends at a place of the program. */
function interrupted(name: string, weight: number, failpoint: string, argv: readonly string[], before?: (lab: Lab) => Promise<unknown>): Verb {
  return {
    name,
    weight,
    recovers: true,
    ...(argv[0] === 'rerun' ? { runs: argv.includes('--reverse-first') ? 'both' : 'forward', mode: argv.includes('table') ? 'table' : 'shadow' } : {}),
    prepare: async (lab) => {
      await before?.(lab)
      await lab.run(argv, { MIGSTATE_FAILPOINT: failpoint })
      return ['recover', '--json', '--lock-timeout', '30']
    },
  }
}

const unrecord = (lab: Lab) => must(lab, ['fake', 'shop', '0002', '--yes'])

export const VERBS: readonly Verb[] = [
  { name: 'mark applied', weight: 2, prepare: async () => ['mark', 'applied', 'ghost', '0001_x', '0002_x', '--no-files', '--yes', '--json'] },
  {
    name: 'mark unapplied',
    weight: 2,
    removes: /\|(billing|reports)\|/,
    prepare: async () => ['mark', 'unapplied', 'billing', '0001', '--with-dependants', '--yes', '--json'],
  },
  {
    name: 'the first change of all',
    weight: 2,
    removes: /\|(billing|reports)\|/,
    prepare: async (lab) => {
      for (const table of ['migstate_operation', 'migstate_event', 'migstate_snapshot_row']) await lab.database.query(`DROP TABLE IF EXISTS ${table}`)
      return ['mark', 'unapplied', 'billing', '0001', '--with-dependants', '--yes', '--json']
    },
  },
  { name: 'fake', weight: 1, prepare: async () => ['fake', 'shop', '0002', '--yes', '--json'] },
  { name: 'rerun', weight: 4, runs: 'forward', mode: 'shadow', prepare: async () => rerun() },
  { name: 'rerun, reverse first', weight: 3, runs: 'both', mode: 'shadow', prepare: async () => rerun('--reverse-first') },
  { name: 'rerun in table mode', weight: 4, runs: 'forward', mode: 'table', prepare: async () => rerun('--mode', 'table') },
  { name: 'rerun in table mode, reverse first', weight: 3, runs: 'both', mode: 'table', prepare: async () => rerun('--mode', 'table', '--reverse-first') },
  {
    name: 'run',
    weight: 2,
    runs: 'forward',
    mode: 'shadow',
    prepare: async (lab) => {
      await must(lab, ['mark', 'unapplied', 'shop', '0003', '--force', '--yes'])
      return ['run', 'shop', '0003', '--yes', '--json']
    },
  },
  {
    name: 'rollback',
    weight: 3,
    restores: true,
    prepare: async (lab) => {
      const done = await unrecord(lab)
      return ['rollback', done.json.result.operation.id, '--yes', '--json']
    },
  },
  {
    name: 'rollback of new rows',
    weight: 2,
    restores: true,
    prepare: async (lab) => {
      const done = await must(lab, ['mark', 'applied', 'ghost', '0001_x', '0002_x', '--no-files', '--yes'])
      return ['rollback', done.json.result.operation.id, '--yes', '--json']
    },
  },
  {
    name: 'snapshot restore',
    weight: 2,
    restores: true,
    prepare: async (lab) => {
      const made = await must(lab, ['snapshot', 'create'])
      await must(lab, ['mark', 'applied', 'ghost', '0001_x', '--no-files', '--yes'])
      await unrecord(lab)
      return ['snapshot', 'restore', made.json.result.snapshot.id, '--yes', '--json']
    },
  },
  { name: 'snapshot create', weight: 1, unjournaled: true, prepare: async () => ['snapshot', 'create', '--json'] },
  {
    name: 'snapshot prune',
    weight: 1,
    unjournaled: true,
    prepare: async (lab) => {
      for (const name of ['0001_x', '0002_x', '0003_x']) await must(lab, ['mark', 'applied', 'ghost', name, '--no-files', '--yes'])
      return ['snapshot', 'prune', '--keep', '1', '--yes', '--json']
    },
  },
  {
    name: 'repair',
    weight: 1,
    prepare: async (lab) => {
      await lab.database.query("INSERT INTO django_migrations (app, name, applied) SELECT app, name, applied FROM django_migrations WHERE app = 'shop'")
      return ['repair', '--all', '--yes', '--json']
    },
  },
  { name: 'rehearse', weight: 2, rehearses: true, unjournaled: true, prepare: async () => ['rehearse', 'shop', '0003', '--json'] },
  {
    name: 'uninstall',
    weight: 1,
    unjournaled: true,
    prepare: async (lab) => {
      await must(lab, ['mark', 'applied', 'ghost', '0001_x', '--no-files', '--yes'])
      rmSync(join(lab.folder, 'last.json'), { force: true })
      return ['uninstall', '--export', 'last.json', '--yes', '--json']
    },
  },
  interrupted('recover a rerun that ran', 1, 'before-close', rerun()),
  interrupted('recover a rerun that was never begun', 1, 'shadowed', rerun()),
  interrupted('recover a rerun in table mode that ran', 2, 'before-close', rerun('--mode', 'table')),
  interrupted('recover a rerun in table mode that was never begun', 1, 'lifted', rerun('--mode', 'table')),
  interrupted('recover a rerun in table mode that goes on', 1, 'child-released', rerun('--mode', 'table')),
  interrupted('recover a rerun that is half done', 2, 'backward-ran', rerun('--mode', 'table', '--reverse-first')),
]

/** Where an answer "nobody can know" is a true one. */
export function mayBeUnknown(lab: Lab, verb: Verb, kind: Kind): boolean {
  if (!verb.runs) return false
  return kind !== 'atomic' || (verb.mode === 'table' && lab.mysqlLike)
}
