/** What is wrong with a value that somebody has written: where, and what was expected there. */
export class Misfit extends Error {}

/** Looks at a value and says no by throwing a `Misfit`; it changes nothing. */
export type Shape = (value: unknown, where: string) => void

const rule =
  (fits: (value: unknown) => boolean, expected: string): Shape =>
  (value, where) => {
    if (!fits(value)) throw new Misfit(`${where} is not ${expected}`)
  }

export const text = rule((value) => typeof value === 'string', 'text')
export const yesOrNo = rule((value) => typeof value === 'boolean', 'true or false')
export const whole = rule((value) => Number.isSafeInteger(value) && (value as number) >= 0, 'a whole number')
/** Goes to the system, and on Linux into a path: a number that a process can have, nothing else. */
export const pid = rule((value) => Number.isSafeInteger(value) && (value as number) > 0, 'the number of a process')
/** An id or a counter: 64 bits, MySQL's may be unsigned. */
export const digits = rule((value) => typeof value === 'string' && /^-?\d{1,20}$/.test(value), 'a number in digits')
export const sha256 = rule((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), 'a sha256')

export function oneOf(...values: readonly string[]): Shape {
  return rule((value) => typeof value === 'string' && values.includes(value), values.join(' or '))
}

export function orNull(shape: Shape): Shape {
  return (value, where) => {
    if (value !== null) shape(value, where)
  }
}

/** The member may be missing. */
export function optional(shape: Shape): Shape {
  return (value, where) => {
    if (value !== undefined) shape(value, where)
  }
}

export function list(shape: Shape, least = 0): Shape {
  return (value, where) => {
    if (!Array.isArray(value)) throw new Misfit(`${where} is not a list`)
    if (value.length < least) throw new Misfit(`${where} is empty`)
    for (const [index, one] of value.entries()) shape(one, `${where}[${index}]`)
  }
}

export function tuple(...shapes: readonly Shape[]): Shape {
  return (value, where) => {
    if (!Array.isArray(value) || value.length !== shapes.length) throw new Misfit(`${where} is not a list of ${shapes.length}`)
    for (const [index, shape] of shapes.entries()) shape(value[index], `${where}[${index}]`)
  }
}

/** Any names, text or null each. */
export const texts: Shape = (value, where) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misfit(`${where} is not an object`)
  for (const [name, one] of Object.entries(value)) orNull(text)(one, `${where}.${name}`)
}

/** Own members only: what an object inherits nobody has written. Further members are those of a later version. */
export function object(members: Readonly<Record<string, Shape>>): Shape {
  return (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misfit(`${where} is not an object`)
    for (const [name, shape] of Object.entries(members))
      shape(Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined, where === '' ? name : `${where}.${name}`)
  }
}
