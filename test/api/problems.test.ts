import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startApp, type TestApp } from '../support/app.js';
import { expectProblem, placesOf } from '../support/problems.js';
import { sendRaw } from '../support/raw-request.js';

let app: TestApp;
let url: string;
beforeAll(async () => {
  app = await startApp();
  url = await app.app.getUrl();
});
afterAll(() => app.close());

const admin = () => app.as('admin');

describe('problems of addresses', () => {
  it.each(['/', '/nope', '/v1', '/v1/', '/v1/nope', '/v1/partners/', '/v1//partners', '/V1/partners'])(
    '%s is not found',
    async (path) => expectProblem(await admin().get(path), 'not_found'),
  );

  it.each(['lower', 'A'.repeat(13), '%00', '..%2Fx', 'A'.repeat(300), 'A'.repeat(8_000)])(
    'a partner that can have no such code is not found: %.20s',
    async (code) => void expectProblem(await admin().get(`/v1/partners/${code}`), 'not_found'),
  );

  it.each(['abc', '-1', '1.0', '0x1', '99999999999999999999'])(
    'an assignment that can have no such id is not found: %s',
    async (id) => void expectProblem(await admin().get(`/v1/assignments/${id}`), 'not_found'),
  );

  it.each(['/%zz', '/v1/partners/%', '/v1/partners/%zz', '/v1/partners/%ff'])(
    '%s cannot be read',
    async (path) => void expectProblem(await admin().get(path), 'malformed_address'),
  );

  it('with another method say which ones there are', async () => {
    const answer = await admin().put('/v1/partners').send({});
    expectProblem(answer, 'method_not_allowed');
    expect(answer.headers.allow).toBe('GET, HEAD, POST');
    expectProblem(await admin().delete('/v1/partners/PP'), 'method_not_allowed');
    expectProblem(await app.http.post('/health/live'), 'method_not_allowed');
    expectProblem(await app.http.get('/v1/lookups'), 'method_not_allowed');
  });
});

describe('problems of requests that are none', () => {
  const request = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

  it.each([
    ['no HTTP at all', 'GARBAGE\r\n\r\n'],
    ['an unknown method', 'FOO /v1/partners HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['two lengths', request('/v1/partners', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')],
    ['raw bytes in the address', request('/v1/partners?code=\xff')],
  ])('%s', async (_, bytes) => void expectProblem(await sendRaw(url, bytes), 'malformed_request'));

  it('headers or an address without end', async () => {
    const header = await sendRaw(url, request('/v1/partners', `X: ${'x'.repeat(20_000)}\r\n`));
    expectProblem(header, 'headers_too_large');
    expectProblem(await sendRaw(url, request(`/v1/${'x'.repeat(20_000)}`)), 'headers_too_large');
  });

  it('headers that are given twice: a list of tags is one, a key is not', async () => {
    const twice = (header: string, path: string, values: string[]) =>
      sendRaw(
        url,
        `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n` +
          `Authorization: Bearer ${app.secrets.admin}\r\n` +
          `${values.map((value) => `${header}: ${value}\r\n`).join('')}\r\n`,
      );
    const keys = await twice('Idempotency-Key', '/v1/partners/NOBODY/closure', ['one', 'two']);
    expectProblem(keys, 'invalid_input');
    expect(placesOf(keys)).toEqual(['/Idempotency-Key idempotency_key']);
    const tags = await twice('If-Match', '/v1/partners/NOBODY/closure', ['"1"', '"2"']);
    expectProblem(tags, 'not_found');
    const secrets = await twice('Authorization', '/v1/partners/NOBODY/closure', ['Bearer other']);
    expectProblem(secrets, 'not_found');
  });
});

it('all answers have an API-Version and may not be kept', async () => {
  const paths = ['/health/live', '/health/ready', '/metrics', '/docs', '/openapi.json', '/v1/partners', '/x'];
  for (const path of paths) {
    const { headers } = await admin().get(path);
    expect({ path, version: headers['api-version'] }).toEqual({ path, version: '1.0.0' });
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  }
});
