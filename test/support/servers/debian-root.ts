import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
// @ts-expect-error plain JavaScript, shared with the bootstrap
import { freePort } from '../../../bin/private-postgres.mjs'
import { keptFolder } from './debian.js'
import { answers } from './private-mysql.js'
import type { Server } from './server.js'

/**
 * Another release of Debian with these packages, unpacked and kept; null where it cannot be had: it takes root, apt and a mirror.
 * @param release as `trixie`
 */
export function debianRoot(release: string, names: readonly string[]): string | null {
  const kept = keptFolder('debian', `${release}-${names.join('-')}`)
  if (existsSync(kept)) return kept
  const mirror = mirrorOf()
  if (process.getuid?.() !== 0 || mirror === null) return null
  if (!existsSync('/usr/sbin/debootstrap')) spawnSync('apt-get', ['install', '-y', '-qq', 'debootstrap'], { stdio: 'ignore' })
  if (!existsSync('/usr/sbin/debootstrap')) return null
  mkdirSync(keptFolder('debian'), { recursive: true })
  const work = mkdtempSync(keptFolder('debian', `.${release}-`))
  const made = spawnSync('debootstrap', ['--variant=minbase', `--include=${names.join(',')}`, release, join(work, 'root'), mirror], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`debootstrap ${release}: ${made.stderr || made.stdout.slice(-500)}`)
  renameSync(join(work, 'root'), kept)
  rmSync(work, { recursive: true, force: true })
  return kept
}

/** The mirror that this machine's apt uses. */
function mirrorOf(): string | null {
  const more = '/etc/apt/sources.list.d'
  const files = ['/etc/apt/sources.list', ...(existsSync(more) ? readdirSync(more).map((file) => join(more, file)) : [])]
  const text = files.flatMap((file) => (existsSync(file) ? readFileSync(file, 'utf8') : [])).join('\n')
  return /https?:\/\/\S+\/debian\/?(?=\s|$)/.exec(text)?.[0] ?? null
}

/** The MariaDB of that release of Debian, in its own files (chroot), on a free port, with data of its own. */
export async function startMariadbOf(release: string): Promise<Server | null> {
  const root = debianRoot(release, ['mariadb-server-core', 'mariadb-client-core'])
  if (root === null) return null
  // A folder of the same name for each server, seen from inside and from outside.
  const outside = mkdtempSync(join(root, 'srv', 'data-'))
  const data = `/srv/${basename(outside)}`
  const words = ['--no-defaults', `--datadir=${data}`, '--user=root']
  const inside = (program: string, more: string[]) => [root, program, ...words, ...more]
  // The run's temporary folder is not there.
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TMPDIR: '/tmp' }
  const made = spawnSync('chroot', inside('mariadb-install-db', ['--auth-root-authentication-method=normal', '--skip-test-db', '--force']), {
    encoding: 'utf8',
    env,
  })
  const remove = () => rmSync(outside, { recursive: true, force: true })
  if (made.status !== 0) {
    remove()
    throw new Error(`mariadb-install-db of ${release}: ${made.stderr || made.stdout}`)
  }
  const port: number = await freePort()
  const flags = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${data}/s`, '--skip-log-bin', '--innodb-flush-log-at-trx-commit=0']
  // It ends with the worker that started it: of a file in which every test is skipped no hook runs.
  const server = spawn('setpriv', ['--pdeathsig', 'KILL', 'chroot', ...inside('mariadbd', flags)], { stdio: 'ignore', env })
  let ended = false
  server.on('exit', () => (ended = true))
  for (let turn = 0; !(await answers(port)); turn++) {
    if (ended || turn > 600) throw new Error(`the MariaDB of ${release} did not start`)
    await new Promise((resume) => setTimeout(resume, 50))
  }
  return {
    url: `mariadb://root@127.0.0.1:${port}/`,
    from: `Debian ${release}`,
    async stop() {
      if (!ended) {
        const gone = new Promise((done) => server.once('exit', done))
        server.kill('SIGTERM')
        await gone
      }
      remove()
    },
  }
}
