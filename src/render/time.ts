/** `applied` for people: always six digits of a second's fraction, whatever the database leaves out; what is no time stays as it is. */
export function appliedTime(applied: string): string {
  return applied.replace(/^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?/, (_all, day: string, time: string, fraction = '') => {
    return `${day} ${time}.${(fraction as string).padEnd(6, '0')}`
  })
}

/** A time of the journal, ISO 8601 in UTC, in the same form. */
export function journalTime(iso: string): string {
  return appliedTime(iso).replace(/Z$/, '+00')
}
