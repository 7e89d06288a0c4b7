import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startApp, type TestApp } from '../support/app.js';
import { expectProblem } from '../support/problems.js';
import { addPartner, dump, issue, post, upload } from '../support/registry.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const send = (
  mode: 'plan' | 'apply',
  file: string | Buffer,
  more: Record<string, string> = {},
  headers = {},
) => upload(app, 'partner-imports', { mode, ...more }, file, headers);
const partner = async (code: string) => (await app.as('admin').get(`/v1/partners/${code}`)).body;
const counts = { created: 0, updated: 0, withdrawn: 0, unchanged: 0, rejected: 0, rejects: [] };

describe('an import of partners', () => {
  it('is planned, changing nothing, then applied as it was planned', async () => {
    const file = 'code,name\nONE,First\nTWO,"Second, B.V."\n';
    const before = await dump(app);
    const plan = (await send('plan', file).expect(200)).body;
    expect(plan).toEqual({
      ...counts,
      mode: 'plan',
      state: 'planned',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      rows: 2,
      created: 2,
    });
    expect(await dump(app)).toEqual(before);
    const { body } = await send('apply', file, { hash: plan.hash }).expect(200);
    expect(body).toEqual({ ...plan, mode: 'apply', state: 'applied' });
    expect(await partner('TWO')).toMatchObject({ name: 'Second, B.V.', state: 'active', contact: null });
  });

  it('says what is unchanged, and leaves no entry where all of it is', async () => {
    const file = 'code,name,state\nSAME,Same,suspended\n';
    await send('apply', file).expect(200);
    const before = await dump(app);
    expect((await send('apply', file).expect(200)).body).toMatchObject({ created: 0, unchanged: 1 });
    expect(await dump(app)).toEqual(before);
  });

  it('gives a partner that is there what the row gives, and keeps the rest', async () => {
    const columns = 'code,name,kvk_number,contact_name,contact_email,contact_phone,disclosure_mode,desk_name';
    const full = `${columns},desk_email,desk_phone\nFULL,Full,99000001,A,a@a.example,+31850210000,partner,B,b@b.example,1`;
    await send('apply', full).expect(200);
    const before = await partner('FULL');
    expect(before).toMatchObject({
      kvk_number: '99000001',
      contact: { name: 'A', email: 'a@a.example', phone: '+31850210000' },
      disclosure: { mode: 'partner', desk: { name: 'B', email: 'b@b.example', phone: '1' } },
    });
    const report = (await send('apply', 'code,name\nFULL,New name\nFRESH,Fresh\n')).body;
    expect(report).toMatchObject({ created: 1, updated: 1, unchanged: 0 });
    expect(await partner('FULL')).toEqual({ ...before, name: 'New name' });
  });

  it('comes as NDJSON and as gzip as well, and means the same', async () => {
    const file = 'code,name,state\nFORM,Form,\n';
    const ndjson = `${JSON.stringify({ code: 'FORM', name: 'Form', state: null })}\n`;
    const forms = [
      await send('plan', file),
      await send('plan', ndjson, {}, { 'Content-Type': 'application/x-ndjson' }),
      await send('plan', gzipSync(file), {}, { 'Content-Encoding': 'gzip' }),
      await send('plan', `\ufeff${file.replaceAll('\n', '\r\n')}`),
    ];
    const [first, ...others] = forms.map(({ body }) => body);
    expect(first).toMatchObject({ created: 1 });
    for (const other of others) expect(other).toEqual(first);
  });

  it('is refused (412) where the registry or the file is another than at the plan', async () => {
    const file = 'code,name\nMOVED,Before\n';
    const { hash } = (await send('plan', file)).body;
    expectProblem(await send('apply', 'code,name\nMOVED,Other\n', { hash }), 'registry_moved');
    await addPartner(app, 'MOVED');
    expectProblem(await send('apply', file, { hash }), 'registry_moved');
    expect(await partner('MOVED')).toMatchObject({ name: 'Partner MOVED' });
  });

  it('names the place of every row that it rejects, and takes none of them', async () => {
    const file = [
      'code,name,kvk_number,state,contact_name,contact_email,contact_phone,disclosure_mode,disclosure_url',
      'GOOD,Good,,,,,,,',
      'lower,x,,,,,,,',
      'NONAME,,,,,,,,',
      'KVK,x,123,,,,,,',
      'STATE,x,,dormant,,,,,',
      'MAIL,x,,,A,no mail,1,,',
      'MODE,x,,,,,,other,',
      'URL,x,,,,,,partner,ftp://x.example',
      'GOOD,again,,,,,,,',
      'LINE,"a\tb",,,,,,,',
    ].join('\n');
    const refused = expectProblem(await send('apply', file), 'rows_rejected') as {
      rejected: number;
      errors: { pointer: string; code: string; line: number; column: number }[];
    };
    expect(refused.rejected).toBe(9);
    expect(refused.errors.map(({ pointer, code, column }) => `${pointer} ${code} ${column}`)).toEqual([
      '/3/code code 1',
      '/4/name name 8',
      '/5/kvk_number kvk_number 7',
      '/6/state state 10',
      '/7/contact_email email 12',
      '/8/disclosure_mode disclosure_mode 13',
      '/9/disclosure_url disclosure_url 20',
      '/10/code repeated 1',
      '/11/name control_character 6',
    ]);
    expect((await partner('GOOD')).status).toBe(404);
    const { body } = await send('apply', file, { partial: 'true' }).expect(200);
    expect(body).toMatchObject({ rows: 10, created: 1, rejected: 9 });
    expect(await partner('GOOD')).toMatchObject({ name: 'Good' });
  });

  it('keeps to the steps of a state, and closes as a closure does', async () => {
    await addPartner(app, 'ENDED');
    const secret = await issue(app, 'partner', { partner: 'ENDED' });
    await send('apply', 'code,name,state\nENDED,Ended,closed\n').expect(200);
    expectProblem(await app.as({ secret }).get('/v1/assignments'), 'unauthenticated');
    const again = await send('apply', 'code,name,state\nENDED,Ended,active\n');
    const { errors } = expectProblem(again, 'rows_rejected');
    expect(errors).toEqual([
      {
        pointer: '/2/state',
        code: 'state_conflict',
        detail: 'a partner that is closed cannot become active',
        line: 2,
        column: 13,
      },
    ]);
    expect(await partner('ENDED')).toMatchObject({ state: 'closed' });
  });

  it('is done whole or not at all where many come at once', async () => {
    const file = (name: string) =>
      `code,name\n${Array.from({ length: 50 }, (_, i) => `RUSH${i},${name}`).join('\n')}\n`;
    const reports = await Promise.all(['A', 'B', 'C', 'D'].map((name) => send('apply', file(name))));
    expect(reports.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const names = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => (await partner(`RUSH${i}`)).name),
    );
    expect(new Set(names).size).toBe(1);
    expect(reports.filter(({ body }) => body.created === 50)).toHaveLength(1);
  });

  it('needs a mode, and knows no other options', async () => {
    for (const query of [{}, { mode: 'other' }, { mode: 'plan', carve: 'true' }, { mode: 'plan', hash: 'x' }])
      expectProblem(
        await upload(app, 'partner-imports', query as Record<string, string>, 'code,name\n'),
        'invalid_input',
      );
  });

  it('may be large', async () => {
    const rows = Array.from(
      { length: 1000 },
      (_, i) => `L${i.toString(36).toUpperCase().padStart(6, '0')},Large ${i}`,
    );
    const { body } = await send('apply', `code,name\n${rows.join('\n')}\n`).expect(200);
    expect(body).toMatchObject({ rows: 1000, created: 1000 });
    await post(app, 'partners/L000000/closure').expect(200);
  });
});
