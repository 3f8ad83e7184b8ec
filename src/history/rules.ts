import { compareVersions } from '../django/version.js'

/**
 * How Django's behaviour differs by version, as one table of facts. Nothing else in the program compares version numbers.
 * Sources: django/db/migrations/{loader,executor,recorder,graph}.py and django/core/management/commands/migrate.py of each release.
 */
export interface Rules {
  version: string
  /** 1.10: `check_consistent_history` (ticket 25850). */
  checksHistory: boolean
  /** 2.2: the record is written inside the migration's own transaction (ticket 25833). */
  recordsInTransaction: boolean
  /** 4.0: `[-]` for a squash that counts as applied without a row of its own (ticket 25231). */
  showsUnrecordedSquash: boolean
  /** 4.0: unapplying a squash deletes its own row too. */
  unappliesSquashRow: boolean
  /** 4.0: a partially applied squash can be named as target; it stands for the last migration it replaces (ticket 24529). */
  resolvesPartialSquash: boolean
  /** A replaced migration as target: `never` (a bare error), `backwards` only when applied (4.0), `both` ways (6.0). */
  replacedTarget: 'never' | 'backwards' | 'both'
  /** 6.0: a squash may replace squashes (ticket 35731). */
  nestedSquashes: boolean
  /** 6.0: a squash's own row is written with its replaced rows, not at the end of the run. */
  recordsSquashAtOnce: boolean
}

/** The newest rules that have been compared with a real Django; a newer one is read by these. */
export const NEWEST_KNOWN = '6.0'

/** @param version as in `django.VERSION`, for example `5.2.17`; null: unknown, the newest rules */
export function rulesFor(version: string | null): Rules {
  const shown = version ?? NEWEST_KNOWN
  const since = (release: string) => compareVersions(shown, release) >= 0
  return {
    version: shown,
    checksHistory: since('1.10'),
    recordsInTransaction: since('2.2'),
    showsUnrecordedSquash: since('4.0'),
    unappliesSquashRow: since('4.0'),
    resolvesPartialSquash: since('4.0'),
    replacedTarget: since('6.0') ? 'both' : since('4.0') ? 'backwards' : 'never',
    nestedSquashes: since('6.0'),
    recordsSquashAtOnce: since('6.0'),
  }
}
