import { describe, expect, it } from 'vitest'
import { checked, hideRowsPlainly } from '../../src/database/shadow.js'

describe('rows that are hidden', () => {
  it.each([0, 1, 999, 1000, 1001, 2500])('%i of them: each in one statement, at most a thousand in each', (count) => {
    const ids = Array.from({ length: count }, (_unused, index) => String(index - 3))
    const statements = hideRowsPlainly('temp."x"', 'abc123', ids)
    const lists = statements.map((sql) => /^DELETE FROM temp\."x" WHERE migstate_run = 'abc123' AND id IN \(([-\d, ]+)\)$/.exec(sql)?.[1]?.split(', '))
    expect(lists.flat()).toEqual(ids)
    for (const list of lists) expect(list?.length).toBeLessThanOrEqual(1000)
  })

  it.each(['1) OR (1 = 1', '1;', "1'", '', ' 1', '0x1', '1e3'])('%j is no id', (id) => {
    expect(() => hideRowsPlainly('x', 'abc', ['1', id])).toThrow()
  })

  it.each(["abc'", 'ABC', '', 'ab c', 'g'])('%j is no operation', (id) => {
    expect(() => checked(id)).toThrow()
    expect(() => hideRowsPlainly('x', id, ['1'])).toThrow()
  })
})
