/** `--manage-py "-m MODULE"`: the module that Python runs in place of a manage.py, as `python -m` does; null where it is a path. */
export function moduleToRun(managePy: string | undefined): string | null {
  return /^-m\s*([A-Za-z_]\w*(?:\.\w+)*)$/.exec(managePy?.trim() ?? '')?.[1] ?? null
}

/** What stands for a manage.py where there is none: `python -m django` is django-admin. */
export const DJANGO_ADMIN = '-m django'
