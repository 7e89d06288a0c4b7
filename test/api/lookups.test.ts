import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { GROUND, startApp, type TestApp } from '../support/app.js';

describe('lookups', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ demo: true });
  });
  afterAll(() => app.close());

  it('names the partner that is assigned', async () => {
    const { body } = await app
      .as('authority')
      .post('/v1/lookups')
      .send({ number: '085 021 0123', ...GROUND })
      .expect(200);
    expect(body).toMatchObject({ number: '+31850210123', outcome: 'held', partner: { code: 'VOORBEELD' } });
  });
});
