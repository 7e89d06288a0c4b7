import { commitmentTo, leafHash, lookupLeaf } from '../log/entry.js';
import { canonicalJson } from '../shared/canonical-json.js';

/** What the API's document shows. The receipt is a true one: its hash and its commitment can be checked. */
const ORIGIN = 'wegwijzer.example/3f9c';
const INDEX = 123_456;
const AT = '2026-01-31T12:00:00.000Z';
const NUMBER = '+31850210123';

export const PARTNER_EXAMPLE = {
  code: 'VOORBEELD',
  name: 'Voorbeeld Telefonie B.V.',
  disclosure: { mode: 'registry' },
};

export const MATCH_EXAMPLE = {
  rule: 'assignment',
  first: '+31850210000',
  last: '+31850210999',
  effective_from: '2019-03-01T00:00:00.000Z',
  effective_to: null,
};

const opening = Buffer.from(
  canonicalJson({
    at: AT,
    authority: 'CIOT',
    case_reference: 'PL0900-2026-012345',
    legal_basis: 'Sv 126n',
    number: NUMBER,
    outcome: 'held',
    partner: PARTNER_EXAMPLE.code,
    requester: 'A-10472',
    salt: 'AAECAwQFBgcICQoLDA0ODw==',
    serial: 4711,
  }),
);
const leaf = lookupLeaf(AT, commitmentTo(opening));

export const RECEIPT_EXAMPLE = {
  origin: ORIGIN,
  index: INDEX,
  leaf: leaf.toString('base64'),
  leaf_hash: leafHash(leaf),
  opening: opening.toString('base64'),
};

export const ANSWER_EXAMPLE = {
  id: `${ORIGIN}#${INDEX}`,
  number: NUMBER,
  at: AT,
  outcome: 'held',
  partner: PARTNER_EXAMPLE,
  matched: MATCH_EXAMPLE,
  data: { state: 'none', synced_at: null },
  serial: 4711,
  receipt: RECEIPT_EXAMPLE,
};

export const FAULT_EXAMPLE = {
  number: '12',
  error: { code: 'not_digits', detail: 'a number starts with +, 00 or, in the national form, 0' },
};
