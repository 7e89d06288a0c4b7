import tseslint from 'typescript-eslint';

const RAW_SQL =
  'Raw SQL belongs in *.queries.ts, the tenant door or a migration: move the statement there, one per function.';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.wegwijzer/'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      'max-lines': ['error', { max: 260, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only platform/config.ts reads the environment: add a setting there.',
        },
      ],
    },
  },
  { files: ['migrations/**/*.ts'], rules: { 'max-lines': 'off' } },
  {
    // Nest reads the types of constructor parameters and of DTOs at run time.
    files: ['src/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: ['src/{partners,numbering,lookup,log}/**/*.ts'],
    ignores: ['**/*.queries.ts', '**/credentials.service.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='query'][arguments.0.type=/Literal/]",
          message: RAW_SQL,
        },
      ],
    },
  },
  {
    files: ['src/main.ts', 'src/cli.ts', 'test/**/*.{ts,mjs}'],
    rules: { 'no-console': 'off', 'no-restricted-properties': 'off', 'max-lines': 'off' },
  },
);
