import type { Question } from '../api/interaction.js'
import { clean } from './clean.js'
import { type Page, proseWidth } from './page.js'
import { countRows, renderRows } from './rows.js'
import { wrap } from './wrap.js'

/** What a person sees before the question. */
export function renderQuestion(question: Question, page: Page): string {
  const lines = [wrap(`${page.strong(clean(question.title))} on ${clean(question.where)}`, page.width, '  '), '']
  if (countRows(question.changes) > 0) lines.push(...renderRows(question.changes, page), '')
  for (const note of question.notes) lines.push(page.note(wrap(clean(note), proseWidth(page), '  ')))
  if (question.notes.length > 0) lines.push('')
  return lines.join('\n')
}
