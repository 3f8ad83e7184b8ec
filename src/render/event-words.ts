/** What an event of the journal says, in words: `history OPERATION` tells why a run failed with them. */
export function eventWords(event: string, detail: unknown): string {
  const given = isRecord(detail) ? detail : {}
  const say = WORDS.find(([pattern]) => pattern.test(event))
  return say ? say[1](given, event) : event
}

type Detail = Record<string, unknown>

const WORDS: [RegExp, (detail: Detail, event: string) => string][] = [
  [/^snapshot$/, (detail) => `copied ${text(detail.rows)} rows into snapshot ${text(detail.id)}`],
  [/^shadowed$/, () => 'opened a run in shadow mode: only its own session sees another history'],
  [/^lifted$/, () => 'took the rows out of the table'],
  [/^target-back$/, () => 'put the row of the migration back for its reverse code'],
  [/^child-started$/, (detail) => `started manage.py as process ${text(detail.pid)} on ${text(detail.host)}: ${text(detail.command)}`],
  [/^(reverse-)?ready$/, (detail) => `Django ${text(detail.django)} was ready to run it (process ${text(detail.pid)} on ${text(detail.host)})`],
  [/^(reverse-)?op:\d+$/, (_detail, event) => `operation ${Number(event.split(':')[1]) + 1} was done`],
  [/^(reverse-)?commits:\d+$/, (_detail, event) => `operation ${Number(event.split(':')[1]) + 1} was about to commit by itself`],
  [/^applied$/, () => 'the migration had run'],
  [/^unapplied$/, () => 'its reverse code had run'],
  [/^(reverse-)?finished$/, () => 'Django was done with it'],
  [/^alive$/, () => 'still at work'],
  [/^child-exited$/, (detail) => exited(detail)],
  [/^outcome-unknown$/, (detail) => `nobody could know whether it ran${because(detail)}`],
  [/^sequence-pending$/, (detail) => `rows committed; the id counter still to be put back to ${text(detail.wanted)}`],
  [/^snapshot-pruned$/, (detail) => `its snapshot ${text(detail.id)} was pruned by ${text(detail.actor)}: it can no longer be undone`],
  [/^done$/, (detail) => `done${because(detail)}`],
  [/^failed$/, (detail) => `did not run${because(detail)}`],
  [/^aborted$/, (detail) => `interrupted${because(detail)}`],
]

function exited({ exitCode, signal, tail }: Detail): string {
  const how = exitCode === null || exitCode === undefined ? `was ended by ${text(signal)}` : `ended with exit ${text(exitCode)}`
  const lines = Array.isArray(tail) ? tail.map(String).filter((line) => line.trim() !== '') : []
  const last = lines.at(-1)
  return `manage.py ${how}${exitCode === 0 || last === undefined ? '' : `: ${last.trim()}`}`
}

function because({ saw, assumed }: Detail): string {
  return `${typeof saw === 'string' ? `: ${saw}` : ''}${typeof assumed === 'string' ? ` (a person says: ${assumed})` : ''}`
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?'
}

function isRecord(value: unknown): value is Detail {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
