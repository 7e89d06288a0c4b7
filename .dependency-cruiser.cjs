/** The layers as code; each rule's comment says how to comply. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'Two modules that need each other are one, or hide a third: move what both need to a module of its own.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'shared-is-pure',
      comment: 'src/shared imports nothing but itself and Node: hand in what it needs as an argument.',
      severity: 'error',
      from: { path: '^src/shared/' },
      to: { path: '^(src/(?!shared/)|migrations/|node_modules/)' },
    },
    {
      name: 'platform-knows-no-feature',
      comment:
        'src/platform serves the features: let the feature implement an abstract class of the platform.',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(partners|numbering|lookup|log|demo)/' },
    },
    {
      name: 'entities-stay-home',
      comment:
        'A feature imports services of another, never its entities: ask the service. (Types are free.)',
      severity: 'error',
      from: { path: '^src/([a-z]+)/' },
      to: {
        path: '^src/(?!shared|platform)([a-z]+)/.*[.]entity[.]ts$',
        pathNot: '^src/$1/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'hot-path-without-orm',
      comment: 'The hot path uses pg: write the statement in a *.queries.ts.',
      severity: 'error',
      from: { path: '^src/lookup/', pathNot: 'caller-authenticator' },
      to: { path: '^node_modules/typeorm' },
    },
    {
      name: 'rules-are-pure',
      comment: 'Pure rules get what they need as arguments: no Nest, no database, no clock.',
      severity: 'error',
      from: {
        path: '(range-(index|plan|planner|rows)|routing-index|carve-sweep|standing-rows|block-cover|append-queue)[.]ts$',
      },
      to: { path: '^node_modules/(@nestjs|typeorm|pg)' },
    },
    {
      name: 'no-dev-dependency-in-src',
      comment: 'src runs without development dependencies: list the package under dependencies.',
      severity: 'error',
      from: { path: '^(src|migrations)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6', 'cjs'],
  },
};
