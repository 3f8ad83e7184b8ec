import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Redactor } from '../../src/config/index.js'
import { type ChildOptions, type ChildResult, withChild } from '../../src/rerun/child.js'
import { isAlive, isPython, startTimeOf } from '../../src/rerun/process.js'
import { until } from '../support/until.js'

/** A program in a group of its own, which ends with the test. */
function started(...[program, ...words]: [string, ...string[]]) {
  const child = spawn(program, words, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  const pid = child.pid as number
  onTestFinished(() => {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It is gone.
    }
  })
  let said = ''
  child.stdout.on('data', (chunk) => (said += String(chunk)))
  return { pid, said: () => said, ended: new Promise((resolve) => child.on('exit', resolve)) }
}

describe('who is alive', () => {
  it('a process is one by its number and its beginning', () => {
    const { pid } = started('sleep', '60')
    const began = startTimeOf(pid)
    expect(began).toMatch(/\S/)
    expect([isAlive(pid, began), isAlive(pid, null), isAlive(pid, `${began}0`)]).toEqual([true, true, false])
  })

  it('what a leader has left in its group is alive, and a group without anybody is not', async () => {
    const { pid, said, ended } = started('sh', '-c', 'sleep 60 >&2 & echo $!')
    await ended
    await until('the leader is gone', () => startTimeOf(pid) === null)
    expect(isAlive(pid, 'then')).toBe(true)
    process.kill(Number(said()), 'SIGKILL')
    await until('nobody is left', () => !isAlive(pid, 'then'))
  })

  it('a zombie does nothing any more', async () => {
    // It starts a child, and never asks how that has ended.
    const { said } = started(
      'python3',
      '-c',
      'import subprocess, time; child = subprocess.Popen(["true"], start_new_session=True); print(child.pid, flush=True); time.sleep(60)',
    )
    await until('it has started one', () => said() !== '')
    const pid = Number(said())
    await until('it is a zombie', () => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
    expect([startTimeOf(pid), isAlive(pid, null)]).toEqual([null, false])
  })

  it.each([0, -1, 1.5, Number.NaN, '12'])('%s is the number of no process', (pid) => {
    expect([startTimeOf(pid as number), isAlive(pid as number, null), isPython(pid as number)]).toEqual([null, false, false])
  })

  it('a Python is told from others', async () => {
    const python = started('python3', '-c', 'import time; time.sleep(60)')
    const other = started('sleep', '60')
    await until('both are what they become', () => isPython(python.pid) && !isPython(other.pid))
    const gone = started('true')
    await gone.ended
    expect(isPython(gone.pid)).toBe(false)
  })
})

describe('a child', () => {
  const options: ChildOptions = { folder: '/', env: process.env, onOutput() {}, redactor: new Redactor() }
  const run = (...words: string[]) =>
    withChild(words, options, (child) => {
      child.release()
      return child.result
    })

  it('says why it could not be started, in the words of the system', async () => {
    expect(await run('/nonexistent/python', 'manage.py')).toMatchObject({
      exitCode: 127,
      startError: expect.stringMatching(/^(exec: )?.*\/nonexistent\/python.*not found/),
    })
    // The same end, and it had begun.
    expect(await run('sh', '-c', 'echo no such migration; exit 127')).toMatchObject({ exitCode: 127, startError: null })
  })

  it('without a folder to be started in it is not started', async () => {
    const result = await withChild(['true'], { ...options, folder: '/nonexistent/folder' }, (child) => child.result)
    expect(result).toMatchObject({ exitCode: null, signal: null, startError: expect.stringContaining('ENOENT') })
  })

  it('that is killed has ended, also where somebody who left its group still holds its output', { timeout: 20_000 }, async () => {
    const ended = await withChild(['sh', '-c', 'setsid sleep 30 & echo $!; sleep 30'], options, async (child) => {
      child.release()
      await new Promise((resolve) => setTimeout(resolve, 500))
      child.kill()
      return child.result
    })
    expect(ended).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
    const left = Number(ended.output)
    expect(isAlive(left, null)).toBe(true)
    process.kill(left, 'SIGKILL')
  })

  it('does not outlive the work that has failed beside it, also where it is deaf', { timeout: 30_000 }, async () => {
    for (const trap of ['exit 3', '']) {
      let result: Promise<ChildResult> | undefined
      const work = withChild(['sh', '-c', `trap '${trap}' INT; echo at work; while true; do sleep 0.1; done`], options, async (child) => {
        result = child.result
        child.release()
        await new Promise((resolve) => setTimeout(resolve, 500))
        throw new Error('the journal is gone')
      })
      await expect(work).rejects.toThrow('the journal is gone')
      expect(await result).toMatchObject(trap === '' ? { signal: 'SIGKILL' } : { exitCode: 3 })
    }
  })

  it('that is never released does nothing, and goes', async () => {
    let result: Promise<ChildResult> | undefined
    await withChild(['echo', 'it runs'], options, async (child) => void (result = child.result))
    expect(await result).toMatchObject({ exitCode: 125, output: '' })
  })
})
