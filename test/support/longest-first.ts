import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Seconds of a test file, by its path from the root; "npm test -- --keep-durations" writes them. */
function keptDurations(): Record<string, number> {
  return JSON.parse(readFileSync(new URL('../durations.json', import.meta.url), 'utf8')) as Record<string, number>
}

/**
 * The longest file first, so that no worker is left alone with it at the end. The files of a project follow each other: a worker that goes on within
 * its project keeps what it has loaded and started.
 */
export class LongestFirst extends BaseSequencer {
  readonly #seconds = keptDurations()

  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seconds = new Map(files.map((file) => [file, this.#seconds[relative(this.ctx.config.root, file.moduleId)] ?? 0]))
    const ofProject = new Map<string, number>()
    for (const [file, own] of seconds) ofProject.set(file.project.name, Math.max(ofProject.get(file.project.name) ?? 0, own))
    const projectOf = (file: TestSpecification) => ofProject.get(file.project.name) as number
    return (await super.sort(files)).toSorted(
      (a, b) => projectOf(b) - projectOf(a) || a.project.name.localeCompare(b.project.name) || (seconds.get(b) as number) - (seconds.get(a) as number),
    )
  }
}
