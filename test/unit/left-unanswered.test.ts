import { expect, it } from 'vitest'
import { leftUnanswered } from '../../src/rerun/causes.js'

/** Said by Django 5.2 with psycopg2 2.9, psycopg 3.2, PyMySQL 1.2 and mysqlclient 2.2, at the statement that met the end of the session and at the next. */
it.each([
  'django.db.utils.OperationalError: server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.',
  'django.db.utils.InterfaceError: connection already closed',
  'django.db.utils.OperationalError: consuming input failed: server closed the connection unexpectedly',
  'django.db.utils.OperationalError: the connection is closed',
  'django.db.utils.OperationalError: the connection is lost',
  'django.db.utils.OperationalError: terminating connection due to administrator command',
  "django.db.utils.OperationalError: (2013, 'Lost connection to MySQL server during query')",
  "django.db.utils.OperationalError: (2006, 'Server has gone away')",
  "django.db.utils.OperationalError: (1927, 'Connection was killed')",
  "django.db.utils.InterfaceError: (0, '')",
])('%s', (text) => {
  expect(leftUnanswered(['Traceback (most recent call last):', ...text.split('\n')])).toBe(true)
})

it('Ctrl-C while COMMIT is not answered, and not elsewhere', () => {
  const at = (frame: string) => [
    '  File "/x/django/db/backends/base/base.py", line 303, in ' + frame,
    '    return self.connection.commit()',
    'KeyboardInterrupt',
  ]
  expect(leftUnanswered(at('_commit'))).toBe(true)
  expect(leftUnanswered(at('_cursor'))).toBe(false)
})

it.each([
  "django.db.utils.OperationalError: (1205, 'Lock wait timeout exceeded; try restarting transaction')",
  'django.db.utils.IntegrityError: NOT NULL constraint failed: shop_order.z',
  'ValueError: the connection is closed',
  '  Lost connection to the mail server, going on',
  '',
])('and not %j', (text) => {
  expect(leftUnanswered([text])).toBe(false)
})
