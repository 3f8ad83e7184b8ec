import { randomNumbers } from '../../support/python-programs.js'
import { type Draw, drawBlow, measured, pause, sayBlow, struck, type Usual } from './blows.js'
import { type Delta, deltaOf, judgeJournal, judgeWords, type State, stateOf } from './checks.js'
import type { Ended, Fingerprint, Kind, Lab } from './lab.js'
import { mayBeUnknown, type Verb, VERBS } from './verbs.js'

export interface Round {
  seed: number
  faults: string[]
  /** For people, a line. */
  story: string
  /** Every command with what it said. */
  transcript: string[]
}

interface Known {
  usual: Usual
  delta: Delta
}

interface Start {
  words: string[]
  /** In the beginning of all. */
  base: Fingerprint
  /** Before the command; for `recover`: before the one that it recovers. */
  before: Fingerprint
  /** Of others. */
  operations: Set<string>
}

interface Operation {
  id: string
  kind: string
  status: string
}

/** A rerun gives one row a new time, others take rows out. */
function expected({ runs, removes }: Verb, { rows, counter }: Fingerprint): Delta {
  const keys = rows.map((row) => row.split('|').slice(0, 3).join('|'))
  return {
    removed: removes ? keys.filter((key) => removes.test(key)) : [],
    added: [],
    updated: runs ? keys.filter((key) => key.includes('|shop|0003_')) : [],
    counter,
  }
}

/** What is known of the commands of a lab, by name. */
const known = new WeakMap<Lab, Map<string, Known>>()

/** Seconds: the child that a killed tool has left is waited for. */
const PATIENCE = 40
const RECOVER = ['recover', '--json', '--lock-timeout', String(PATIENCE)]

/** One command that is struck at a moment of the seed, one or two recoveries that may be struck too, and everything that has to be true then. */
export class KillRound {
  readonly #lab: Lab
  readonly #random: () => number
  readonly #verb: Verb
  readonly #kind: Kind
  readonly #draw: Draw
  readonly #estimate: Usual | undefined
  readonly round: Round

  /** @param estimate in place of what the command takes without a blow, which costs a run of it */
  constructor(lab: Lab, seed: number, { only, estimate }: { only?: RegExp | undefined; estimate?: Usual } = {}) {
    this.#lab = lab
    this.#estimate = estimate
    this.#random = randomNumbers(seed)
    const verbs = VERBS.filter(({ name }) => only?.test(name) ?? true).flatMap((verb) => Array<Verb>(verb.weight).fill(verb))
    this.#verb = verbs[Math.floor(this.#random() * verbs.length)] as Verb
    const kind = this.#random()
    this.#kind = this.#verb.runs === undefined || this.#verb.recovers || kind < 0.7 ? 'atomic' : kind < 0.85 ? 'plain' : 'sql'
    this.#draw = drawBlow(this.#random, lab, this.#verb.runs !== undefined || this.#verb.rehearses === true)
    this.round = { seed, faults: [], story: `${this.#verb.name} (${this.#kind}): ${sayBlow(this.#draw)}`, transcript: [] }
  }

  async run(): Promise<Round> {
    this.#lab.write(this.#kind)
    const measured = this.#estimate ? null : await this.#known()
    const start = await this.#prepare()
    const usual = measured ?? { usual: this.#estimate as Usual, delta: expected(this.#verb, start.before) }
    const ended = this.#note(await struck(this.#lab, start.words, this.#draw, usual.usual))
    this.#say(ended.fell ? `${ended.signal ?? `exit ${ended.exitCode}`}` : 'missed')
    if (ended.signal === null) await this.#compareWords(start.before, usual.delta, ended)
    const assumed = await this.#recover()
    await this.#quiet()
    await this.#compareEnd(start, usual.delta, assumed)
    return this.round
  }

  async #known(): Promise<Known> {
    const ofLab = known.get(this.#lab) ?? new Map<string, Known>()
    known.set(this.#lab, ofLab)
    const name = `${this.#verb.name} ${this.#kind}`
    const found = ofLab.get(name)
    if (found) return found
    const { words, before } = await this.#prepare()
    const { ended, usual } = await measured(this.#lab, words)
    const code = ended.json?.error?.code
    if (ended.exitCode !== 0 && !this.#verb.recovers && !this.#verb.rehearses)
      throw new Error(`${words.join(' ')} without a blow: ${code} ${ended.stdout} ${ended.stderr}`)
    const now = await this.#lab.fingerprint()
    const made = { usual, delta: this.#verb.recovers ? expected(this.#verb, before) : deltaOf(before, now) }
    ofLab.set(name, made)
    return made
  }

  async #prepare(): Promise<Start> {
    const lab = this.#lab
    await lab.reset()
    const base = await lab.fingerprint()
    const old = await this.#operations()
    const words = await this.#verb.prepare(lab)
    const ofRecover = this.#verb.recovers === true
    const operations = new Set((ofRecover ? old : await this.#operations()).map(({ id }) => id))
    return { words, base, before: ofRecover ? base : await lab.fingerprint(), operations }
  }

  async #operations(): Promise<Operation[]> {
    const ended = this.#note(await this.#lab.ask('history', (migstate) => migstate.history({ limit: 100 })))
    if (ended.exitCode !== 0) this.#fault(`the journal cannot be read: ${ended.stdout}${ended.stderr}`)
    return ended.json?.result?.operations ?? []
  }

  async #compareWords(before: Fingerprint, usual: Delta, ended: Ended): Promise<void> {
    const [now, ran] = [await this.#lab.fingerprint(), await this.#lab.ran()]
    const state = stateOf(before, now, usual, 'may be higher')
    this.#fault(...judgeWords({ lab: this.#lab, verb: this.#verb, kind: this.#kind, draw: this.#draw, ended, state, ran }))
    if (ended.exitCode === 8 || this.#verb.recovers) return
    const [open] = (await this.#operations()).filter(({ status }) => status === 'running' || status === 'unknown')
    if (open) this.#fault(`exit ${ended.exitCode}, and operation ${open.id} is ${open.status}`)
  }

  /** @returns what a person had to say */
  async #recover(): Promise<string | null> {
    const lab = this.#lab
    const status = this.#note(await lab.ask('status', (migstate) => migstate.status()))
    if (status.exitCode !== 0 && status.json?.error?.code !== 'hot-journal') this.#fault(`status: ${status.stdout}${status.stderr}`)
    for (let turns = Math.floor(this.#random() * 3); turns > 0; turns--) {
      const draw = { ...drawBlow(this.#random, lab, false) }
      const ended = this.#note(await struck(lab, RECOVER, draw, { ms: 450, messages: 45, childMs: 0 }))
      this.#say(`recover: ${sayBlow(draw)}: ${ended.signal ?? `exit ${ended.exitCode}`}`)
      if (ended.signal === null && ended.json === undefined) this.#fault(`recover says no JSON: ${ended.stdout}${ended.stderr}`)
      if (ended.json?.error?.code === 'internal-error') this.#fault(`recover: ${ended.stdout}`)
    }
    const recovered = this.#note(await lab.ask('recover', (migstate) => migstate.recover({ lockTimeout: PATIENCE })))
    if (recovered.exitCode === 0) return null
    const unknown = recovered.json?.error?.code === 'outcome-unknown'
    if (!unknown || !mayBeUnknown(lab, this.#verb, this.#kind)) this.#fault(`recover: exit ${recovered.exitCode} ${recovered.stdout}${recovered.stderr}`)
    if (!unknown) return null
    const assumed = (await lab.ran()).forward > 0 ? 'applied' : 'not-applied'
    const answered = this.#note(await lab.ask(`recover --assume ${assumed}`, (migstate) => migstate.recover({ assume: assumed, lockTimeout: PATIENCE })))
    this.#say(`assumed ${assumed}`)
    if (answered.exitCode !== 0) this.#fault(`recover --assume ${assumed}: ${answered.stdout}${answered.stderr}`)
    return assumed
  }

  /** No process, no session and no lock is left. */
  async #quiet(): Promise<void> {
    const lab = this.#lab
    const left = async () => [...lab.processes().map((pid) => `process ${pid}`), ...(await lab.sessions()).map((id) => `session ${id}`)]
    // Asked with a pause in between: MySQL still lists the session of the question before, which has ended without waiting for the server.
    let still = await left()
    for (let turn = 0; turn < 60 && still.length > 0; turn++) {
      await pause(250)
      still = await left()
    }
    if (still.length > 0) this.#fault(`left behind: ${still.join(', ')} ${await lab.saySessions()}; the wire has ${lab.wire?.open ?? 0} open`)
    const again = this.#note(await lab.ask('recover', (migstate) => migstate.recover()))
    if (again.exitCode !== 0 || again.json?.result?.operation !== null) this.#fault(`a second recover: ${again.stdout}${again.stderr}`)
  }

  async #compareEnd({ base, before, operations }: Start, usual: Delta, assumed: string | null): Promise<void> {
    const lab = this.#lab
    const verb = this.#verb
    const [now, ran] = [await lab.fingerprint(), await lab.ran()]
    const state: State = stateOf(before, now, usual, verb.runs && verb.name !== 'run' ? 'exact' : 'may be higher')
    this.#say(
      `${state}, ran ${ran.forward}/${ran.backward}${now.counter === before.counter || state === 'after' ? '' : `, counter ${before.counter} to ${now.counter}`}`,
    )
    const made = (await this.#operations()).filter(({ id }) => !operations.has(id))
    this.#fault(...judgeJournal({ lab, verb, kind: this.#kind, draw: this.#draw, state, ran }, made, assumed))
    if (state === 'between') this.round.transcript.push(`before: ${JSON.stringify(before, null, 1)}`, `now: ${JSON.stringify(now, null, 1)}`)
    if (verb.restores && state === 'after' && JSON.stringify(now) !== JSON.stringify(base)) this.#fault(`not as it was: ${JSON.stringify(deltaOf(base, now))}`)
    await this.#readSnapshots()
    const done = made.find(({ status }) => status === 'done')
    if (!done || state !== 'after') return
    const back = this.#note(await lab.ask('rollback', (migstate) => migstate.rollback({ operation: done.id })))
    if (back.exitCode !== 0) this.#fault(`rollback: ${back.stdout}${back.stderr}`)
    const after = await lab.fingerprint()
    if (JSON.stringify(after) !== JSON.stringify(before)) this.#fault(`after rollback: ${JSON.stringify(deltaOf(before, after))}`)
  }

  /** No change without a readable snapshot. */
  async #readSnapshots(): Promise<void> {
    const listed = this.#note(await this.#lab.ask('snapshot list', (migstate) => migstate.snapshots({ limit: 3 })))
    if (listed.exitCode !== 0) this.#fault(`the snapshots cannot be listed: ${listed.stdout}`)
    for (const { id, rows } of listed.json?.result?.snapshots ?? []) {
      const shown = this.#note(await this.#lab.ask(`snapshot show ${id}`, (migstate) => migstate.snapshotRows({ id })))
      if (shown.json?.result?.snapshot?.history?.length !== rows) this.#fault(`the snapshot ${id} of ${rows} rows cannot be read: ${shown.stdout}`)
    }
  }

  #note(ended: Ended): Ended & { fell: boolean } {
    const how = ended.signal ?? `exit ${ended.exitCode}`
    this.round.transcript.push(`$ ${ended.argv.join(' ')}\n${how}\n${ended.stdout}${ended.stderr}`)
    return { fell: false, ...ended }
  }

  #fault(...faults: string[]): void {
    this.round.faults.push(...faults)
  }

  #say(more: string): void {
    this.round.story += `; ${more}`
  }
}
