import * as Flags from '@oclif/core/flags'
import { exitOfRehearsals, rehearse } from '../src/api/rehearse.js'
import { MigstateCommand } from '../src/cli/base-command.js'
import { readFlags } from '../src/cli/flags.js'
import { renderRehearsal } from '../src/render/rehearse.js'

export default class Rehearse extends MigstateCommand {
  static override strict = false
  static override group = 'inspect' as const
  static override usage = ['rehearse', 'rehearse APP', 'rehearse APP MIGRATION...', 'rehearse APP.MIGRATION...']
  static override summary = 'Run migrations for real, twice, in one transaction that is always rolled back: can they run again?'
  static override description = `Says what each run did to the rows, whether the second one changed anything, and what would have got out: mails, connections,
files and processes are kept in. Recorded migrations are seen as "rerun" would see them, others as "migrate" would run them; without
arguments everything that is pending. It holds locks until it ends: the better place for it is a copy of the database (--on).
Exit 0: it can run again; 3: it cannot, or it would fail; 4: it cannot be rehearsed; 8: its code has ended the transaction.`
  static override examples = [
    '<%= config.bin %> rehearse shop 0003',
    '<%= config.bin %> rehearse',
    '<%= config.bin %> rehearse shop 0003 --on postgresql://me@localhost/shop_copy',
  ]
  static override flags = {
    once: Flags.boolean({ description: 'No second run.' }),
    'reverse-first': Flags.boolean({ description: 'Each time its reverse code first, then the migration.' }),
    'max-rows': Flags.integer({ min: 0, helpValue: 'N', description: 'Tables with more rows are compared as a whole (default: 1000000).' }),
    show: Flags.integer({ min: 0, helpValue: 'N', description: 'So many of the rows that differ are shown (default: 20).' }),
    on: Flags.string({ helpValue: 'URL', description: 'Another database, such as a restored dump; everything else is as the settings say.' }),
    'allow-files': Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: 'DIR', description: 'The code may write files there (repeatable).' }),
    record: Flags.boolean({ description: 'Keep what was seen in the journal; "rerun" then quotes it. Without it nothing at all is written.' }),
    timeout: Flags.string({ helpValue: 'SECONDS', description: 'Stop and roll back after this time (default: 60).' }),
    'lock-timeout': Flags.string({ helpValue: 'SECONDS', description: 'How long it waits for a lock (default: 10).' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask (where a Python before 3.8 cannot keep in files and network).' }),
    ...readFlags,
  }

  async run(): Promise<void> {
    const parsed = await this.parse(Rehearse)
    const { flags } = parsed
    const words = this.words(parsed, 'migrations', 0)
    const { once, 'reverse-first': reverseFirst, 'max-rows': maxRows, show, 'allow-files': allowFiles, on, record } = flags
    await this.perform(on === undefined ? flags : { ...flags, url: on }, {
      files: 'required',
      readOnly: false,
      work: (workspace, ui) => rehearse(workspace, { words, once, reverseFirst, maxRows, show, allowFiles, record, elsewhere: on !== undefined }, ui),
      render: renderRehearsal,
      exitCode: exitOfRehearsals,
    })
  }
}
