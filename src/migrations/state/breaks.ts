import type { Operation } from '../../project/types.js'
import type { ProjectState, StateStep } from './project-state.js'

/** An operation that Django cannot take, since the models that came before it do not have what it is about. */
export interface StateBreak {
  app: string
  name: string
  operation: string
  line: number
  /** Why, as a sentence without its end. */
  reason: string
  /** Models, fields and tables that the error of Django or of the database would name. */
  about: string[]
  /** The app that should have what is not there. */
  missesOf: string
  /** It dies before its first step, since the migration is one that counts as applied. */
  before: boolean
}

/**
 * The first operation of the steps that is about a model or a field that no migration before it makes: `state_forwards` or `database_forwards`
 * dies of it (KeyError, FieldDoesNotExist; django/db/migrations/state.py). Said only where every model of the app is known.
 * @param state as the migrations leave it that count as applied; it is changed
 */
export function firstBreak(state: ProjectState, steps: readonly StateStep[]): StateBreak | null {
  for (const step of steps) {
    if (step.operations === null) return null
    for (const operation of step.operations) {
      // Something of it is not known: then nothing that follows is certain either.
      if (state.doubts.some(({ model, app }) => model === null || app === step.app)) return null
      const reason = whyBroken(state, step.app, operation)
      if (reason !== null) return broken(step, operation, reason)
      state.apply(step.app, operation)
    }
  }
  return null
}

function broken({ app, name }: StateStep, operation: Operation, reason: string): StateBreak {
  const model = operation.model ?? operation.oldName
  const field = operation.field ?? operation.oldName
  const about = [...(model === undefined ? [] : [`${app}.${model}`]), ...(model === undefined || field === undefined ? [] : [`${model}.${field}`])]
  return { app, name, operation: operation.summary, line: operation.line, reason, about, missesOf: app, before: false }
}

const OF_MODEL =
  /^(DeleteModel|RenameModel|AlterModel|AlterUnique|AlterIndex|AlterOrder|AddField|RemoveField|AlterField|RenameField|AddIndex|RemoveIndex|AddConstraint|RemoveConstraint)/

function whyBroken(state: ProjectState, app: string, operation: Operation): string | null {
  const given = operation.given?.()
  if (!given?.kind || given.overrides.state || !OF_MODEL.test(given.kind)) return null
  const name = given.kind === 'RenameModel' ? operation.oldName : operation.model
  if (name === undefined) return null
  const model = state.get(app, name)
  if (!model) return `no migration before it that counts as applied makes the model ${app}.${name}`
  const field = given.kind === 'RemoveField' || given.kind === 'AlterField' ? operation.field : given.kind === 'RenameField' ? operation.oldName : undefined
  if (field === undefined || model.moreFields !== null || model.fields.has(field)) return null
  return `no migration before it that counts as applied gives ${app}.${name} the field ${field}`
}
