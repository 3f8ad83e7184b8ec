import { compareVersions } from './version.js'

/**
 * How Django's behaviour differs by version, as one table of facts. Nothing else in the program compares version numbers.
 * Sources: django/db/migrations/{loader,executor,recorder,graph}.py, django/core/management/commands/{migrate,showmigrations}.py,
 * django/apps/config.py and django/conf/global_settings.py of each release.
 */
export interface Rules {
  version: string
  /** Before 2.0 Python 2 is possible: `print x` and implicit relative imports are no errors. */
  mayBePython2: boolean
  /** 1.9: `MIGRATION_MODULES = {"app": None}` turns an app's migrations off (ticket 24919). */
  noneDisablesMigrations: boolean
  /** 1.10: a squash takes its place in the finished graph (ticket 25945); before, dependencies were rewritten first. */
  replacesInGraph: boolean
  /** 1.10: `check_consistent_history` (ticket 25850). */
  checksHistory: boolean
  /** `migrate` renders all models of the applied migrations before its first step, for the signal `pre_migrate`. Known of 2.0 and later. */
  rendersFirst: boolean
  /** 1.9: forward migrations run in the order of the full plan; before, in the order of the plan. */
  runsInFullPlanOrder: boolean
  /** 1.11: a module that MIGRATION_MODULES names has to be there (ticket 27862). */
  namedModuleMustExist: boolean
  /** 2.1: `pkgutil.iter_modules` finds the files, `.pyc` included (ticket 28814); before, `os.listdir` and names ending in `.py`. */
  findsModulesByPkgutil: boolean
  /** 2.2: a cycle stops the loader; before, whatever needs a plan. */
  checksCyclesAtLoad: boolean
  /** 2.2: a wrong label is told from an app without migrations. */
  namesUnknownLabels: boolean
  /** 1.9: no advice about "selectively sync" any more. */
  plainNoMigrationsText: boolean
  /** 1.9: "multiple leaf nodes in the migration graph". */
  explainsConflicts: boolean
  /** 2.2: the record is written inside the migration's own transaction (ticket 25833). */
  recordsInTransaction: boolean
  /** 3.0: `applied_migrations()` reads whole rows, so an `applied` that is no time stops everything. */
  readsApplied: boolean
  /** 3.2: a package without `__file__` counts when its `__path__` is a list. */
  automaticAppConfig: boolean
  /** Until 4.0: `default_app_config` of the package names the AppConfig (ticket 31180). */
  readsDefaultAppConfig: boolean
  /** 4.0: `[-]` for a squash that counts as applied without a row of its own (ticket 25231). */
  showsUnrecordedSquash: boolean
  /** 4.0: unapplying a squash deletes its own row too. */
  unappliesSquashRow: boolean
  /** 4.0: a partially applied squash can be named as target; it stands for the last migration it replaces (ticket 24529). */
  resolvesPartialSquash: boolean
  /** A replaced migration as target: `never` (a bare error), `backwards` only when applied (4.0), `both` ways (6.0). */
  replacedTarget: 'never' | 'backwards' | 'both'
  /** 1.9: `--fake-initial` looks at `initial`, and at the columns of AddField too (executor.py); before, at the tables of an app's first migration. */
  looksForColumns: boolean
  /** 3.1: `--fake-initial` compares names in small letters where the database does. */
  foldsNames: boolean
  /** 4.1 and 5.0: what is pruned of one app is held up by squashes over files that are gone in any app (until ticket 35122). */
  prunesWithAllApps: boolean
  /** 5.0: the default of USE_TZ is True. */
  usesTzByDefault: boolean
  /** 6.0: a squash may replace squashes (ticket 35731), and its own row is written with its replaced rows. */
  nestedSquashes: boolean
}

/** The newest rules that have been compared with a real Django; a newer one is read by these. */
export const NEWEST_KNOWN = '6.0'
/** Older ones have no `showmigrations` and no such squashes; they are read by the rules of 1.8. */
export const OLDEST_KNOWN = '1.8'

/** @param version as in `django.VERSION`, for example `5.2.17`; null: unknown, the newest rules */
export function rulesFor(version: string | null): Rules {
  const shown = version ?? NEWEST_KNOWN
  const since = (release: string) => compareVersions(shown, release) >= 0
  return {
    version: shown,
    mayBePython2: !since('2.0'),
    noneDisablesMigrations: since('1.9'),
    replacesInGraph: since('1.10'),
    checksHistory: since('1.10'),
    rendersFirst: since('2.0'),
    runsInFullPlanOrder: since('1.9'),
    namedModuleMustExist: since('1.11'),
    findsModulesByPkgutil: since('2.1'),
    checksCyclesAtLoad: since('2.2'),
    namesUnknownLabels: since('2.2'),
    plainNoMigrationsText: since('1.9'),
    explainsConflicts: since('1.9'),
    recordsInTransaction: since('2.2'),
    readsApplied: since('3.0'),
    automaticAppConfig: since('3.2'),
    readsDefaultAppConfig: !since('4.1'),
    showsUnrecordedSquash: since('4.0'),
    unappliesSquashRow: since('4.0'),
    resolvesPartialSquash: since('4.0'),
    replacedTarget: since('6.0') ? 'both' : since('4.0') ? 'backwards' : 'never',
    looksForColumns: since('1.9'),
    foldsNames: since('3.1'),
    prunesWithAllApps: !since('5.1'),
    usesTzByDefault: since('5.0'),
    nestedSquashes: since('6.0'),
  }
}
