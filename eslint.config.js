import tseslint from 'typescript-eslint'
import { namesAreData } from './eslint.names.js'

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
    files: ['src/django/**/*.ts'],
    plugins: { local: { rules: { 'names-are-data': namesAreData } } },
    rules: { 'local/names-are-data': 'error' },
  },
  { files: ['commands/**/*.ts'], rules: { 'max-lines': ['error', 90] } },
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-explicit-any': 'off', 'max-lines': 'off' } },
)
