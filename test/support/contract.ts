/** The exit codes that users rely on, as they were promised; written down here a second time, so that the catalogue cannot change them unseen. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  1: `cannot-connect wrong-password database-missing not-a-database table-missing read-only hot-journal missing-rights bad-settings
      django-error database-error driver-missing no-node too-many-files internal-error`,
  2: `usage unknown-command unknown-app unknown-migration ambiguous-migration unknown-operation unknown-snapshot unknown-finding bad-url bad-file
      no-project database-unknown unknown-alias manage-without-target table-ambiguous newer-format damaged-journal`,
  4: `needs-yes declined would-make-hole not-recorded schema-operations unknown-operation-kind pending-migrations other-database
      unproven-database pooler squashed-target foreign-snapshot store-without-marker shadow-unavailable not-reversible
      django-would-refuse lock-ineffective engine-unsupported table-unfit id-default-missing sequence-behind non-transactional-table
      name-the-operation cannot-rehearse not-repeatable not-repairable standby-missing`,
  5: 'lock-timeout',
  6: 'table-changed',
  7: 'manage-failed django-does-not-start',
  8: 'unfinished-operation outcome-unknown',
  130: 'interrupted',
}

const byCode = new Map(Object.entries(EXIT_CODES).flatMap(([exit, codes]) => codes.split(/\s+/).map((code) => [code, Number(exit)] as const)))

/** @throws when nobody was promised this code */
export function promisedExit(code: string): number {
  const exit = byCode.get(code)
  if (exit === undefined) throw new Error(`no exit was promised for "${code}"`)
  return exit
}
