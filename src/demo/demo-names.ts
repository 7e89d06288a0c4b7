import { type E164, formatE164 } from '../shared/e164.js';
import type { Random } from './random.js';

/** Whom to reach: a role, never a person. */
export interface DemoContact {
  name: string;
  email: string;
  phone: string;
}

/** A made-up reseller. `disclosure` says who answers for its address data: the registry or its own desk. */
export interface DemoPartner {
  code: string;
  name: string;
  kvk_number: string | null;
  contact: DemoContact;
  disclosure: { mode: 'registry' } | { mode: 'partner'; url: string | null; desk: DemoContact };
}

/** Who a demo partner is, before it holds numbers. `domain` lies under the reserved `.example` (RFC 2606). */
export interface DemoName {
  code: string;
  name: string;
  domain: string;
}

/** The partner of the examples in the documentation. */
export const EXAMPLE_CODE = 'VOORBEELD';

const MEMORABLE: readonly DemoName[] = [
  { code: EXAMPLE_CODE, name: 'Voorbeeld Telefonie B.V.', domain: 'voorbeeld.example' },
  { code: 'DEMO', name: 'Demobellen B.V.', domain: 'demobellen.example' },
  { code: 'PROEF', name: 'Proeflijn Voip', domain: 'proeflijn.example' },
];

// Invented, to hit no company, person or place. The first three letters differ within each of the two
// lists, so that three and three make a code that no other pair has.
const HEADS = [
  ...['Arnel', 'Bramme', 'Corvel', 'Dwarre', 'Elver', 'Fresel', 'Grevol', 'Halmer', 'Isper', 'Jorvel'],
  ...['Kolver', 'Lindre', 'Merwel', 'Nesser', 'Oldre', 'Pelmer', 'Quarre', 'Rosmer', 'Strevel', 'Talmer'],
  ...['Tjarmer', 'Ulver', 'Varel', 'Wolver', 'Ysper', 'Zandre'],
];
const TAILS = [
  ...['meer', 'horst', 'donk', 'veen', 'zijl', 'kreek', 'brink', 'woud', 'kamp', 'lund', 'mark', 'stee'],
];

const STYLES: readonly ((stem: string) => string)[] = [
  (stem) => `${stem} Telefonie`,
  (stem) => `${stem} Telefonie B.V.`,
  (stem) => `${stem} Voip`,
  (stem) => `${stem} Bellen`,
  (stem) => `${stem} Connect B.V.`,
  (stem) => `${stem} Netwerken`,
  (stem) => `${stem} Spraakdiensten B.V.`,
  (stem) => `${stem} Zakelijk Bellen`,
  (stem) => `Spraaklijn ${stem}`,
  (stem) => `Belnetwerk ${stem}`,
  (stem) => `${stem} Bellijn`,
  (stem) => `${stem} Communicatie V.O.F.`,
];

const CONTACTS = ['Servicedesk', 'Registratiebeheer', 'Nummerbeheer', 'Klantenservice', 'Beheer'];
const DESKS = ['Bevragingsloket', 'Registratiebeheer', 'Informatieloket'];

/** The names of 312 partners, memorable ones first. No code, name or domain comes twice. */
export function demoNames(random: Random): DemoName[] {
  const pairs = HEADS.flatMap((head) => TAILS.map((tail) => ({ head, tail })));
  const names = [...MEMORABLE];
  const taken = new Set(names.map(({ code }) => code));
  for (const { head, tail } of random.shuffled(pairs).slice(MEMORABLE.length)) {
    const code = drawCode(random, head, tail, taken);
    taken.add(code);
    const stem = head + tail;
    names.push({ code, name: random.pick(STYLES)(stem), domain: `${stem.toLowerCase()}.example` });
  }
  return names;
}

function drawCode(random: Random, head: string, tail: string, taken: Set<string>): string {
  const letters = (length: number) =>
    (head.slice(0, Math.ceil(length / 2)) + tail.slice(0, Math.floor(length / 2))).toUpperCase();
  let length = random.int(3, 6);
  while (length < 6 && taken.has(letters(length))) length++;
  return letters(length) + (random.chance(0.04) ? random.int(10, 99) : '');
}

/**
 * The partner behind a name. Its telephone numbers are the first two of `home`, a range of at least two
 * numbers that it holds itself; its KvK number starts with four zeros, which none that was issued does.
 */
export function demoPartner(random: Random, identity: DemoName, position: number, home: E164): DemoPartner {
  const { code, name, domain } = identity;
  const contact = contactOf(random.pick(CONTACTS), domain, home);
  const desk = contactOf(random.pick(DESKS), domain, home + 1);
  const url = `https://bevraging.${domain}/nummers`;
  const hasUrl = random.chance(0.7);
  const ownDesk = random.chance(0.4);
  const registered = random.chance(0.9);
  if (code === EXAMPLE_CODE)
    return { code, name, kvk_number: '00000001', contact, disclosure: { mode: 'partner', url, desk } };
  return {
    code,
    name,
    kvk_number: registered ? String(position + 1).padStart(8, '0') : null,
    contact,
    disclosure: ownDesk ? { mode: 'partner', url: hasUrl ? url : null, desk } : { mode: 'registry' },
  };
}

function contactOf(name: string, domain: string, phone: E164): DemoContact {
  return { name, email: `${name.toLowerCase()}@${domain}`, phone: formatE164(phone) };
}
