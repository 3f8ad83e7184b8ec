import { cleanLine } from './clean.js'
import type { Advice } from '../api/results.js'

/** Commands to type, each on a line of its own and never broken, aligned behind their conditions. */
export function adviceLines(advice: readonly Advice[], indent: string): string[] {
  const width = Math.max(0, ...advice.map(({ when }) => (when === null ? 0 : when.length + 2)))
  return advice.map(({ when, command }) => `${indent}${(when === null ? '' : `${cleanLine(when)}:`).padEnd(width)}${cleanLine(command)}`)
}
