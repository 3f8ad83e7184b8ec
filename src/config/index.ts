export { childEnvironment } from './child-environment.js'
export { failpoint } from './failpoint.js'
export {
  addressAt,
  addressesOf,
  type ConnectionSpec,
  type ServerSpec,
  hostsOf,
  isLocal,
  SESSION_TARGETS,
  type SqliteSpec,
  type TlsMode,
  type TlsSpec,
} from './connection-spec.js'
export { withClientEnvironment } from './client-environment.js'
export { type MysqlOptions, readMysqlOptions } from './mysql-option-file.js'
export { parseDatabaseUrl } from './database-url.js'
export { isSecretName, maskedWords, maskSecrets, maskUrl } from './mask-url.js'
export { Redactor } from './redact.js'
export { checkConfig, type Config, loadConfig, nearestConfigFile } from './load-config.js'
export { isTrusted, NEEDS_TRUST, revoke, trust } from './trust.js'
export type { Settings } from './settings.js'
export { DJANGO_ADMIN, moduleToRun } from './manage-py.js'
export { splitWords } from './command-words.js'
export { LIBPQ_WORDS, libpqTlsMode, MYSQL_WORDS, mysqlTlsMode, unfitTls } from './tls-mode.js'
export { cacheFolder, homeFolder } from './user-folder.js'
