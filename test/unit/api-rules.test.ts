import { describe, expect, it } from '@jest/globals';
import spectral from '@stoplight/spectral-core';

import { rules } from '../../openapi/rules.mjs';

/* eslint-disable @typescript-eslint/no-explicit-any */

const HEADERS = { 'API-Version': { schema: { type: 'string' } } };
const MEMBERS = ['type', 'title', 'status', 'detail'];

/** A document that keeps every rule. */
function sound(): any {
  const members = Object.fromEntries(MEMBERS.map((name) => [name, { description: 'It.', example: '' }]));
  return {
    openapi: '3.1.0',
    info: { version: '1.0.0', contact: { name: 'A', url: 'https://a.example', email: 'a@a.example' } },
    servers: [{ url: '/v1' }],
    paths: {
      '/number-ports': {
        get: operation('200', [
          { name: 'limit', in: 'query', description: 'Most.', example: 1 },
          { name: 'cursor', in: 'query', description: 'Where.', example: 'a' },
        ]),
        post: {
          ...operation('201', [{ name: 'Idempotency-Key', in: 'header', description: 'Key.', example: 'a' }]),
          requestBody: { description: 'A port.', content: { 'application/json': { example: {} } } },
        },
      },
    },
    components: {
      schemas: { Problem: { description: 'An error.', properties: members } },
    },
  };
}

function operation(status: string, parameters: object[]): any {
  const list = {
    items: { description: 'Things.', example: [] },
    next_cursor: { description: 'More.', example: null },
  };
  return {
    summary: 'Do it',
    description: 'Does it.',
    tags: ['Things'],
    'x-roles': ['admin'],
    security: [{ secret: [] }],
    parameters,
    responses: {
      [status]: {
        description: 'Done.',
        headers: HEADERS,
        content: {
          'application/json': { example: {}, schema: { properties: status === '200' ? list : {} } },
        },
      },
      '400': {
        description: 'Wrong.',
        headers: HEADERS,
        content: {
          'application/problem+json': { example: {}, schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  };
}

/** Names of the rules that a document breaks. */
async function broken(document: object): Promise<string[]> {
  const linter = new spectral.Spectral();
  linter.setRuleset({ rules } as never);
  const breaches = await linter.run(JSON.stringify(document));
  return [...new Set(breaches.map(({ code }) => String(code)))];
}

const path = (document: any) => document.paths['/number-ports'];
const rename = (to: string) => (document: any) => {
  document.paths = { [to]: path(document) };
};
const property = (name: string, schema: object) => (document: any) => {
  document.components.schemas.Problem.properties[name] = { description: 'It.', example: '', ...schema };
};

const BREACHES: Record<string, (document: any) => unknown> = {
  'adr-openapi-3': (document) => (document.openapi = '2.0'),
  'adr-contact': (document) => delete document.info.contact.email,
  'adr-semver': (document) => (document.info.version = '1.0'),
  'adr-version-in-server': (document) => (document.servers[0].url = '/api'),
  'adr-no-version-in-path': rename('/v1/number-ports'),
  'adr-no-trailing-slash': rename('/number-ports/'),
  'adr-kebab-case-path': rename('/number_ports'),
  'adr-plural-collection': rename('/number-port'),
  'adr-methods': (document) => (path(document).trace = operation('200', [])),
  'adr-version-header': (document) => delete path(document).get.responses['400'].headers,
  'adr-problem-json': (document) =>
    (path(document).get.responses['400'].content = { 'application/json': { example: {} } }),
  'adr-problem-members': (document) => delete document.components.schemas.Problem.properties.detail,
  'adr-bad-request': (document) => delete path(document).post.responses['400'],
  'adr-date-time': property('opens', { format: 'time' }),
  'style-snake-case-property': property('nextStep', {}),
  'style-one-word-parameter': (document) => (path(document).get.parameters[0].name = 'page_size'),
  'style-instant-property': property('ended_at', { type: 'integer' }),
  'style-pages': (document) => path(document).get.parameters.pop(),
  'style-idempotency-key': (document) => path(document).post.parameters.pop(),
  'doc-operation': (document) => delete path(document).get['x-roles'],
  'doc-security': (document) => delete path(document).get.security,
  'doc-parameter': (document) => delete path(document).get.parameters[0].example,
  'doc-body': (document) => delete path(document).post.requestBody.description,
  'doc-response': (document) => (path(document).get.responses['200'].description = ''),
  'doc-example': (document) => delete path(document).get.responses['200'].content['application/json'].example,
  'doc-schema': (document) => delete document.components.schemas.Problem.description,
  'doc-property': (document) => delete document.components.schemas.Problem.properties.detail.example,
  'doc-no-nullable': property('note', { nullable: true }),
};

describe('rules of the API document', () => {
  it('find nothing in a sound document', async () => {
    expect(await broken(sound())).toEqual([]);
  });

  it.each(Object.entries(BREACHES))('%s is noticed', async (name, breach) => {
    const document = sound();
    breach(document);
    expect(await broken(document)).toContain(name);
  });

  it('are all tested', () => {
    expect(Object.keys(BREACHES).sort()).toEqual(Object.keys(rules).sort());
  });
});
