import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import spectral from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';

import { startApp, type TestApp } from '../support/app.js';

const FILE = 'openapi/openapi.json';

interface Operation {
  'x-roles': ('admin' | 'auditor' | 'authority' | 'partner')[];
  parameters?: { name: string; in: string; required?: boolean; example: unknown }[];
  requestBody?: { content: Record<string, { example: string | object }> };
  responses: Record<string, { content?: Record<string, { example: unknown; examples?: unknown }> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
}

describe('the API document', () => {
  let app: TestApp;
  let document: Document;
  beforeAll(async () => {
    app = await startApp({ demo: true });
    document = (await app.http.get('/openapi.json').expect(200)).body as Document;
  });
  afterAll(() => app.close());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );

  it('is the one that is committed', async () => {
    const committed: unknown = JSON.parse(await readFile(FILE, 'utf8'));
    const isSame = JSON.stringify(document) === JSON.stringify(committed);
    if (!isSame)
      throw new Error(`${FILE} is not what the code says: run \`npm run openapi\` and look at what changed`);
  });

  it('is open to everybody, at the root and under the base path, from pages of any site', async () => {
    for (const address of ['/openapi.json', '/v1/openapi.json']) {
      const answer = await app.http
        .get(address)
        .expect(200)
        .expect('Content-Type', /^application\/json/);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      expect(answer.body).toEqual(document);
    }
  });

  it('is browsable at /docs without any other host', async () => {
    const page = await app.http
      .get('/docs')
      .expect(200)
      .expect('Content-Type', /^text\/html/);
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
    const assets = [...page.text.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map((match) => match[1]!);
    expect(assets.length).toBeGreaterThan(2);
    for (const asset of assets) await app.http.get(`/${asset}`).expect(200);
  });

  it('gives examples of requests that the API takes, and answers as it says', async () => {
    const told = structuredClone(document);
    // Another partner than that of the examples, which one of them closes.
    const { body } = await app.as('admin').get('/v1/partners?limit=1');
    const [{ code }] = (body as { items: [{ code: string }] }).items;
    const partner = await app
      .as('admin')
      .post('/v1/credentials')
      .send({ role: 'partner', partner: code, label: 'test' });
    const secrets = { ...app.secrets, partner: (partner.body as { secret: string }).secret };
    for (const { path, method, operation } of operations()) {
      const [role] = operation['x-roles'];
      const agent = role ? app.as({ secret: secrets[role] }) : app.http;
      const answer = await send(agent, method, path, operation);
      const refused = [400, 401, 403, 405, 413, 415, 422].includes(answer.status);
      expect({ method, path, refused, body: refused && (answer.body as unknown) }).toEqual({
        method,
        path,
        refused: false,
        body: false,
      });
      const { content } = told.paths[path]![method]!.responses[answer.status]!;
      const media = content?.[answer.type];
      if (media) Object.assign(media, { example: answer.body, examples: undefined });
      else expect({ path, method, status: answer.status, text: answer.text }).toMatchObject({ text: '' });
    }
    const linter = new spectral.Spectral();
    linter.setRuleset({
      extends: [[rulesets.oas, 'off']],
      rules: { 'oas3-valid-media-example': 'error' },
    } as never);
    const breaches = await linter.run(JSON.stringify(told));
    expect(breaches.map(({ message, path }) => `${path.join(' > ')}: ${message}`)).toEqual([]);
  });

  it('lists every property that answers have', async () => {
    for (const path of ['/partners', '/authorities', '/credentials', '/blocks', '/assignments']) {
      const { body } = await app.as('admin').get(`/v1${path}?limit=1`).expect(200);
      const shown = document.paths[path]!.get!.responses['200']!.content!['application/json']!.example;
      const item = (page: unknown) => Object.keys((page as { items: object[] }).items[0]!).sort();
      expect({ path, properties: item(shown) }).toEqual({ path, properties: item(body) });
    }
  });
});

/** Sends the examples of an operation's parameters and body. */
async function send(agent: TestApp['http'], method: string, path: string, operation: Operation) {
  const parameters = (operation.parameters ?? []).map((one) => ({ ...one, value: String(one.example) }));
  const address = parameters
    .filter((one) => one.in === 'path')
    .reduce((text, { name, value }) => text.replace(`{${name}}`, encodeURIComponent(value)), `/v1${path}`);
  const query = parameters.filter((one) => one.in === 'query' && (one.required || one.name === 'limit'));
  const request = agent[method as 'get' | 'post'](address).query(
    Object.fromEntries(query.map(({ name, value }) => [name, value])),
  );
  const [media] = Object.entries(operation.requestBody?.content ?? {});
  return media ? request.type(media[0]).send(media[1].example) : request;
}
