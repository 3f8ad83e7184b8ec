import { describe, expect, it } from 'vitest'
import { rulesFor } from '../../src/django/rules.js'
import { loadHistory } from '../../src/migrations/index.js'
import type { ProjectFiles } from '../../src/project/types.js'

const project = (): ProjectFiles => ({ apps: [], problems: [], broken: null }) as unknown as ProjectFiles

describe('the view of rows and files', () => {
  it('is made once for the same rows, and anew when a row comes, goes or the question is another one', () => {
    const [files, rows] = [project(), [{ app: 'a', name: '1' }]]
    const view = loadHistory(files, rows, rulesFor('5.2'))
    expect(loadHistory(files, [...rows], rulesFor('5.2'))).toBe(view)
    expect(loadHistory(files, rows, rulesFor('5.2'), false)).not.toBe(view)
    expect(loadHistory(files, rows, rulesFor('1.8'))).not.toBe(view)
    expect(loadHistory(project(), rows, rulesFor('5.2'))).not.toBe(view)
    rows.push({ app: 'a', name: '2' })
    const later = loadHistory(files, rows, rulesFor('5.2'))
    expect([...later.recorded].length).toBe(2)
    expect([...view.recorded].length).toBe(1)
  })
})
