import tseslint from 'typescript-eslint'
import { namesAreData } from './eslint.names.js'

const COMMITS = [{ selector: 'MemberExpression[property.name=/^(commitEdit|rollbackEdit|beginJournaling)$/]', message: 'Use withEdit or withJournaling.' }]
const SETTLES = [
  {
    selector: "CallExpression[callee.property.name='settle'][callee.object.property.name='effects']",
    message: 'Only scopes know what has become of a change.',
  },
]

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'examples', 'bin', 'test/fixtures', '*.js', '*.cjs', '*.config.ts'] },
  ...tseslint.configs.recommended,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 350, skipBlankLines: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['src/{python,django,project}/**/*.ts'],
    plugins: { local: { rules: { 'names-are-data': namesAreData } } },
    rules: { 'local/names-are-data': 'error' },
  },
  // What becomes permanent, and what is said of it, is decided in the scopes of edits and children (docs/decisions/0011-consequence-and-scopes.md).
  {
    files: ['src/{change,rerun}/**/*.ts'],
    ignores: ['src/change/{with-edit,lost-commit}.ts'],
    rules: { 'no-restricted-syntax': ['error', ...COMMITS] },
  },
  {
    files: ['src/**/*.ts', 'commands/**/*.ts'],
    ignores: ['src/{database,change,rerun,errors}/**'],
    rules: { 'no-restricted-syntax': ['error', ...COMMITS, ...SETTLES] },
  },
  { files: ['commands/**/*.ts'], rules: { 'max-lines': ['error', 90] } },
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-explicit-any': 'off', 'max-lines': 'off' } },
)
