import { join } from 'node:path'
import { root } from './root.js'

const [covered, reached] = [process.env.MIGSTATE_TEST_PROGRAM, process.env.MIGSTATE_TEST_REACHED]

/** The words that start the built program; in "npm run coverage", one that writes down what it reaches. */
export const PROGRAM: readonly [string, ...string[]] =
  covered === undefined
    ? [process.execPath, join(root, 'bin', 'run.js')]
    : // Only it is to write: env(1) takes its own place, under the same process id.
      ['/usr/bin/env', `NODE_V8_COVERAGE=${reached}`, process.execPath, covered]
