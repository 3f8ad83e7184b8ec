import type { ErrorPage } from './page.js'
import { FILES } from './pages/files.js'
import { ROWS } from './pages/rows.js'
import { TABLE } from './pages/table.js'

export const PAGES: readonly ErrorPage[] = [...ROWS, ...FILES, ...TABLE]
