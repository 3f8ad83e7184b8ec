import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/index.js'
import { jsonErrorPlace } from '../../src/config/json-position.js'

/** migstate.json is a regular file beside manage.py, and nothing of what is in another file is shown. */
let around: string
let folder: string
beforeEach(() => {
  around = mkdtempSync(join(tmpdir(), 'migstate-config-'))
  folder = join(around, 'project')
  mkdirSync(folder)
  writeFileSync(join(folder, 'manage.py'), '')
  writeFileSync(join(around, 'credentials'), 'aws_secret_access_key = wJalrXUtnFEMI\n')
})
afterEach(() => rmSync(around, { recursive: true, force: true }))

const load = () => loadConfig({}, {}, folder)
const config = () => join(folder, 'migstate.json')

it('a plain file, and a link to one beside it', () => {
  writeFileSync(join(folder, 'other.json'), '{"database": "replica"}')
  symlinkSync('other.json', config())
  expect(load().database).toBe('replica')
})

it.each<[string, () => void, RegExp]>([
  ['a link out of the folder', () => symlinkSync(join(around, 'credentials'), config()), /it is a link to .*credentials, outside of its folder/],
  ['a link to /dev/zero', () => symlinkSync('/dev/zero', config()), /it is a link to \/dev\/zero/],
  ['a link to nothing', () => symlinkSync('nowhere', config()), /it is a link to nothing/],
  ['a link to itself', () => symlinkSync('migstate.json', config()), /it is a link to nothing/],
  ['a FIFO', () => execFileSync('mkfifo', [config()]), /it is not a regular file/],
  ['a folder', () => mkdirSync(config()), /it is not a regular file/],
  ['ten million bytes', () => writeFileSync(config(), ' '.repeat(10_000_000)), /larger than 100000 bytes/],
  ['no JSON', () => writeFileSync(config(), 'aws_secret_access_key = wJalrXUtnFEMI\n'), /is not JSON \(line 1, column 1\)/],
  ['nearly JSON', () => writeFileSync(config(), '{\n  "database": "a",\n  wJalrXUtnFEMI\n}'), /is not JSON \(line 3, column 3\)/],
])('%s', (_name, make, expected) => {
  make()
  expect(load).toThrow(expected)
  expect(load).not.toThrow(/aws|wJalr/)
})

describe('the place of a mistake', () => {
  const pieces = ['{', '}', '[', ']', ',', ':', '"a"', '1', '-1.5e3', 'true', 'null', ' ', '\n', '"', '\\', '0', 'x']

  it('is the beginning of the token at which the engine gives up', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        try {
          JSON.parse(text)
          return
        } catch (error) {
          const said = /at position (\d+)/.exec((error as Error).message)?.[1]
          if (said === undefined) return
          const [, line, column] = /^line (\d+), column (\d+)$/.exec(jsonErrorPlace(text)) as unknown as [string, string, string]
          const at =
            text
              .split('\n')
              .slice(0, Number(line) - 1)
              .join('\n').length +
            (Number(line) > 1 ? 1 : 0) +
            Number(column) -
            1
          // The engine names a place in the middle of a token, this one its beginning.
          expect(at).toBeLessThanOrEqual(Number(said))
          expect(text.slice(at, Number(said))).toMatch(/^"|^[^\s[\]{},:]*$/)
        }
      }),
      { numRuns: 2000, seed: 7 },
    )
  })
})
