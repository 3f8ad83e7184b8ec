import { type Gate, quoted, typable } from '../migrations/index.js'

/** A command to type next, and when it is the right one. */
export interface Advice {
  when: string | null
  command: string
}

/** A migration that is not recorded although something above it is: only a person, or its schema, can tell whether it ran. */
export function holeAdvice(app: string, name: string): Advice[] {
  return [
    { when: 'if it ran', command: `migstate mark applied ${typable(app, name)}` },
    { when: 'if it did not', command: `migstate run ${typable(app, name)}` },
  ]
}

export function ghostAdvice(app: string, name: string): Advice[] {
  return [{ when: 'if its file is gone for good', command: `migstate mark unapplied ${typable(app, name)}` }]
}

/** A row and a file that may be one: marking the one or running the other would make it two. */
export function sameAdvice(): Advice[] {
  return [{ when: 'it may be the same under another name; to see', command: 'migstate doctor' }]
}

/** Files that are there name it: without its own nothing loads, and its row is right. */
export function lostFileAdvice(name: string): Advice[] {
  return [{ when: 'to find the commit that lost its file', command: `git log --diff-filter=D --name-only -- ${quoted(`*/${name}.py`)}` }]
}

export function duplicateAdvice(app: string, name: string): Advice[] {
  return [{ when: 'Django counts them as one; to look at them', command: `migstate show ${typable(app, name)}` }]
}

export const MERGE: Advice[] = [{ when: 'to join them', command: 'python manage.py makemigrations --merge' }]

/** What gets one past a gate that stops `migrate`. */
export function gateAdvice({ gate, migrations }: Gate): Advice[] {
  const [first, second] = migrations
  switch (gate) {
    case 'inconsistent-history':
      return second ? [{ when: 'to see whether it ran', command: 'migstate doctor' }, ...holeAdvice(...second)] : []
    case 'conflict':
      return MERGE
    case 'missing-parent':
      return second ? lostFileAdvice(second[1]) : []
    case 'circular':
      return [{ when: 'to see what stands on what', command: `migstate graph ${[...new Set(migrations.map(([app]) => quoted(app)))].join(' ')}` }]
    case 'unknown-app':
      return [{ when: 'to see the labels', command: 'migstate status' }]
    case 'unknown-migration':
      return [{ when: 'to see the names', command: `migstate status${first ? ` ${quoted(first[0])}` : ''}` }]
    case 'bad-row':
      return first ? [{ when: 'to look at it', command: `migstate show ${typable(...first)}` }] : []
    case 'unreadable':
      return [{ when: 'to ask the project itself', command: 'migstate plan --ask-django' }]
    case 'ambiguous-migration':
    case 'bad-file':
    case 'bad-reference':
      return []
  }
}
