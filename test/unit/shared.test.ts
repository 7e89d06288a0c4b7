import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { createSecret, roleOfSecret } from '../../src/partners/secret.js';
import { ROLES } from '../../src/shared/caller.js';
import { canonicalJson, type Json } from '../../src/shared/canonical-json.js';
import { formatInstant, parseInstant } from '../../src/shared/instant.js';
import { Turns } from '../../src/shared/turns.js';

describe('an instant', () => {
  it.each([
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T13:00:00+01:00', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31t12:00:00.5z', Date.UTC(2026, 0, 31, 12, 0, 0, 500)],
    ['2026-01-31T12:00:00.123999Z', Date.UTC(2026, 0, 31, 12, 0, 0, 123)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('is read from %s', (text, milliseconds) => {
    expect(parseInstant(text)).toBe(milliseconds);
  });

  it.each([
    '',
    'now',
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-02-30T12:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-13-01T00:00:00Z',
    '1e3',
    '2026-01-31T12:00:60Z',
  ])('is not read from %j', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it('is written so that it reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (milliseconds) => {
        expect(parseInstant(formatInstant(milliseconds))).toBe(milliseconds);
      }),
    );
    expect(formatInstant(Infinity as number | null)).toBeNull();
  });
});

describe('canonical JSON', () => {
  it('is what RFC 8785 shows in 3.2.3', () => {
    const value = {
      '€': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew',
      '1': 'One',
      '😀': 'Smiley',
      '\u0080': 'Control',
      ö: 'Latin',
    };
    expect(Object.keys(JSON.parse(canonicalJson(value)))).toHaveLength(7);
    expect(canonicalJson(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin","€":"Euro Sign","😀":"Smiley","\ufb33":"Hebrew"}',
    );
  });

  it('does not depend on the order of keys, at any depth', () => {
    const backwards = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(backwards)
        : value && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, inner]) => [key, backwards(inner)]),
            )
          : value;
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(backwards(value) as Json)).toBe(canonicalJson(value as Json));
      }),
    );
  });
});

describe('a secret', () => {
  it.each(ROLES)('of role %s is recognised by prefix and checksum', (role) => {
    const secret = createSecret(role);
    expect(secret).toMatch(new RegExp(`^wegwijzer_${role}_[0-9A-Za-z]{49}$`));
    expect(roleOfSecret(secret)).toBe(role);
  });

  it('is not recognised once a character is another', () => {
    const secret = createSecret('admin');
    fc.assert(
      fc.property(fc.nat(secret.length - 1), fc.constantFrom(...'0aZ_'), (place, character) => {
        const changed = secret.slice(0, place) + character + secret.slice(place + 1);
        expect(roleOfSecret(changed)).toBe(changed === secret ? 'admin' : undefined);
      }),
    );
  });
});

describe('turns', () => {
  it('lets no more than so many run at once, in the order of their coming, past failures', async () => {
    const turns = new Turns(2);
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const work = (place: number) => async () => {
      started.push(place);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (place === 1) throw new Error('failed');
      return place;
    };
    const results = await Promise.allSettled([0, 1, 2, 3, 4].map((place) => turns.take(work(place))));
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
  });
});
