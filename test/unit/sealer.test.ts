import { createDecipheriv, randomBytes } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';

import { DataKey, Sealer } from '../../src/log/sealer.js';
import { Clock } from '../../src/shared/clock.js';

class SetClock extends Clock {
  time = 0;
  now() {
    return this.time;
  }
}

function unseal(key: Buffer, sealed: Buffer): Buffer {
  return createDecipheriv('aes-256-ctr', key, sealed.subarray(0, 16)).update(sealed.subarray(16));
}

describe('a data key', () => {
  it('seals openings of any length, each so that it opens by itself', () => {
    const key = randomBytes(32);
    const dataKey = new DataKey(1, key, Infinity);
    const opening = fc.uint8Array({ maxLength: 700 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(opening, { minLength: 1, maxLength: 20 }), (openings) => {
        expect(dataKey.seal(openings).map((sealed) => unseal(key, sealed))).toEqual(openings);
      }),
    );
  });

  it('never uses a counter block twice', () => {
    const dataKey = new DataKey(1, randomBytes(32), Infinity);
    const openings = [Buffer.alloc(1), Buffer.alloc(16), Buffer.alloc(17), Buffer.alloc(300)];
    const used = new Set<string>();
    let blocks = 0;
    for (let batch = 0; batch < 300; batch++)
      for (const sealed of dataKey.seal(openings)) {
        const counter = sealed.readBigUInt64BE(8);
        for (let block = 0n; block < BigInt(Math.ceil((sealed.length - 16) / 16)); block++, blocks++)
          used.add(String(counter + block));
      }
    expect(used.size).toBe(blocks);
  });
});

describe('the sealer', () => {
  async function sealerFor(recipients: string[]) {
    const clock = new SetClock();
    const saved: Buffer[] = [];
    const save = async (_at: number, wrapped: Buffer) => saved.push(wrapped);
    return { clock, saved, sealer: new Sealer({ recipients: async () => recipients, save }, clock) };
  }

  it('stores each key as an age file that every auditor opens, before it is used', async () => {
    const auditors = await Promise.all([generateX25519Identity(), generateX25519Identity()]);
    const { saved, sealer } = await sealerFor(await Promise.all(auditors.map(identityToRecipient)));
    const key = await sealer.keyFor(1);
    const [sealed] = key.seal([Buffer.from('who asked')]);
    for (const auditor of auditors) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(auditor);
      const opened = Buffer.from(await decrypter.decrypt(saved[0]!));
      expect(unseal(opened, sealed!).toString()).toBe('who asked');
    }
  });

  it('makes a new key when the present one is old or full, and one only for all that wait', async () => {
    const { clock, saved, sealer } = await sealerFor([
      await identityToRecipient(await generateX25519Identity()),
    ]);
    const [first, same] = await Promise.all([sealer.keyFor(1), sealer.keyFor(1)]);
    expect(same).toBe(first);
    clock.time = 3_600_000;
    expect((await sealer.keyFor(1)).id).not.toBe(first!.id);
    expect((await sealer.keyFor(1_000_001)).id).toBe(3);
    expect(saved).toHaveLength(3);
  });

  it('refuses to seal to nobody', async () => {
    const { sealer } = await sealerFor([]);
    await expect(sealer.keyFor(1)).rejects.toThrow('no auditor');
  });
});
