import rulesets from '@stoplight/spectral-rulesets';

/*
 * What `npm run lint:api` holds the document against, beside OpenAPI itself (`spectral:oas`): the technical rules
 * of the Dutch API Design Rules (`adr-…`, https://logius-standaarden.github.io/API-Design-Rules/), VoIPGRID's API
 * style (`style-…`) and what this API promises its readers (`doc-…`). A rule's message says how to comply.
 */

/** A rule: every value that `given` finds must pass `test`. */
function rule(given, message, test, options = {}) {
  const check = (value, _, context) => (test(value, context) ? [] : [{ message }]);
  return {
    given,
    message: `${message} ({{property}})`,
    severity: 'error',
    then: { function: check },
    ...options,
  };
}

/** The same for the keys of the objects that `given` finds. */
function keyRule(given, message, test) {
  const check = (object, _, { path }) =>
    Object.keys(object ?? {})
      .filter((key) => !test(key))
      .map((key) => ({ message: `${message} (${key})`, path: [...path, key] }));
  return { given, message: '{{error}}', severity: 'error', resolved: false, then: { function: check } };
}

const OPERATIONS = '$.paths[*][get,put,post,patch,delete]';
const PARAMETERS = `${OPERATIONS}.parameters[*]`;
const RESPONSES = `${OPERATIONS}.responses[*]`;
const MEDIA = [`${OPERATIONS}.requestBody.content[*]`, `${RESPONSES}.content[*]`];
const METHODS = ['get', 'put', 'post', 'patch', 'delete', 'parameters'];

const unresolved = { resolved: false };
const isText = (value) => typeof value === 'string' && value.trim() !== '';
const hasExample = (value) => 'example' in value || Object.keys(value.examples ?? {}).length > 0;
const segments = (path) => path.split('/').slice(1);
const isError = ({ path }) => /^[45]/.test(path.at(-1));
const takesInput = ({ parameters = [], requestBody }) => parameters.length > 0 || requestBody;
const headersOf = ({ parameters = [] }) =>
  parameters.filter((one) => one.in === 'header').map((one) => one.name);
const names = (list = []) => list.map((one) => one.name);

const adr = {
  'adr-openapi-3': rule('$', 'Say `openapi: 3.1.x`.', ({ openapi }) => /^3\.\d+\.\d+$/.test(openapi)),
  'adr-contact': rule('$.info', 'Give `contact` a name, a url and an email.', ({ contact = {} }) =>
    ['name', 'url', 'email'].every((field) => isText(contact[field])),
  ),
  'adr-semver': rule('$.info.version', 'Write the version as major.minor.patch.', (version) =>
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/.test(version),
  ),
  'adr-version-in-server': rule(
    '$',
    'End every server url with /v and the major version of `info.version`, over https or relative.',
    ({ info, servers = [] }) =>
      servers.length > 0 &&
      servers.every(({ url }) => url.endsWith(`/v${info.version.split('.')[0]}`) && !url.startsWith('http:')),
  ),
  'adr-no-version-in-path': keyRule(
    '$.paths',
    'Leave the version out of the path: the server url has it.',
    (path) => !segments(path).some((segment) => /^v\d+$/.test(segment)),
  ),
  'adr-no-trailing-slash': keyRule('$.paths', 'Take the slash off the end.', (path) => !/.\/$/.test(path)),
  'adr-kebab-case-path': keyRule('$.paths', 'Write path segments in kebab-case.', (path) =>
    segments(path).every((segment) => /^([a-z0-9]+(-[a-z0-9]+)*|\{[^}]+\})$/.test(segment)),
  ),
  'adr-plural-collection': keyRule('$.paths', 'Name a collection by a noun in the plural.', (path) =>
    segments(path)[0].endsWith('s'),
  ),
  'adr-methods': keyRule('$.paths[*]', 'Use GET, PUT, POST, PATCH and DELETE only.', (key) =>
    METHODS.includes(key),
  ),
  'adr-version-header': rule(
    RESPONSES,
    'Give every response the header API-Version.',
    ({ headers = {} }) => 'API-Version' in headers,
  ),
  'adr-problem-json': rule(
    RESPONSES,
    'Answer errors as application/problem+json, and nothing else so.',
    ({ content = {} }, context) =>
      isError(context)
        ? Object.keys(content).join() === 'application/problem+json'
        : !('application/problem+json' in content),
  ),
  'adr-problem-members': rule(
    `${RESPONSES}.content['application/problem+json'].schema`,
    'Give the problem schema type, title, status and detail.',
    ({ properties = {} }) => ['type', 'title', 'status', 'detail'].every((name) => name in properties),
  ),
  'adr-bad-request': rule(
    OPERATIONS,
    'Document a 400 for every operation that takes input.',
    (operation) => !takesInput(operation) || '400' in operation.responses,
  ),
  'adr-date-time': rule(
    '$..properties[*].format',
    'Give instants as date-time, with a time zone; times of day and local ones are ambiguous.',
    (format) => !['date-time-local', 'time'].includes(format),
    unresolved,
  ),
};

const style = {
  'style-snake-case-property': keyRule('$..properties', 'Write properties in snake_case.', (name) =>
    /^[a-z]+(_[a-z0-9]+)*$/.test(name),
  ),
  'style-one-word-parameter': rule(
    PARAMETERS,
    'Name a query or path parameter by one lower-case word.',
    ({ name, in: place }) => place === 'header' || /^[a-z]+$/.test(name),
  ),
  'style-instant-property': rule(
    '$..properties',
    'Give a property that ends in _at, _from or _to the format date-time.',
    (properties) =>
      Object.entries(properties).every(
        ([name, { format }]) => !/_(at|from|to)$/.test(name) || format === 'date-time',
      ),
    unresolved,
  ),
  'style-pages': rule(
    `${OPERATIONS}`,
    'Give a list `items`, `next_cursor`, ?limit and ?cursor together.',
    ({ parameters, responses }) => {
      const { properties = {} } = responses['200']?.content?.['application/json']?.schema ?? {};
      const marks = [
        'items' in properties,
        'next_cursor' in properties,
        names(parameters).includes('limit'),
        names(parameters).includes('cursor'),
      ];
      return marks.every((mark) => mark === marks[0]);
    },
  ),
  'style-idempotency-key': rule(
    '$.paths[*].post',
    'Let a POST that creates take an Idempotency-Key: `idempotent: true` in its Operation.',
    (operation) => !('201' in operation.responses) || headersOf(operation).includes('Idempotency-Key'),
  ),
};

const doc = {
  'doc-operation': rule(
    OPERATIONS,
    'Give the operation a summary, a description, a tag and the roles that may call it (`Access`).',
    ({ summary, description, tags, ...rest }) =>
      isText(summary) && isText(description) && tags?.length > 0 && Array.isArray(rest['x-roles']),
  ),
  'doc-security': rule(
    OPERATIONS,
    'Ask for a secret exactly where roles are named: `Access`, or `Public`.',
    (operation) => operation['x-roles']?.length > 0 === operation.security?.length > 0,
  ),
  'doc-parameter': rule(
    PARAMETERS,
    'Give the parameter a description and an example: declare it in a class with fields.',
    (parameter) => isText(parameter.description) && hasExample(parameter),
  ),
  'doc-body': rule(`${OPERATIONS}.requestBody`, 'Describe the body: `ApiSchema` on its class.', (body) =>
    isText(body.description),
  ),
  'doc-response': rule(RESPONSES, 'Describe the response.', (response) => isText(response.description)),
  'doc-example': rule(MEDIA, 'Give the body an example.', hasExample),
  'doc-schema': rule(
    '$.components.schemas[*]',
    'Describe the schema: `ApiSchema`, or `meaning` of an enumeration.',
    (schema) => isText(schema.description),
  ),
  'doc-property': rule(
    '$..properties[*]',
    'Give the property a description and an example: declare it with a field.',
    (property) => isText(property.description) && hasExample(property),
    unresolved,
  ),
  'doc-no-nullable': rule(
    '$..nullable',
    'OpenAPI 3.1 has no `nullable`: add null to the type.',
    () => false,
    unresolved,
  ),
};

export const rules = { ...adr, ...style, ...doc };

/** Tags stand in the order in which one reads about them. */
export default {
  extends: [[rulesets.oas, 'all']],
  rules: { 'openapi-tags-alphabetical': 'off', ...rules },
};
