import 'reflect-metadata';

import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';

import { serve } from '../processes.js';
import { Assignment, ENTITIES, Partner } from './entities.js';
import { BaselineModule } from './lookups.js';

export interface BaselineData {
  url: string;
  partners: { code: string; name: string; disclosure: object }[];
  assignments: { first: number; last: number; from: number | null; to: number | null; partner: string }[];
}

/**
 * The same service as it is commonly written: NestJS on Express, TypeORM, a validated DTO, one indexed query and
 * one insert for each request. It asks for no secret, hashes and seals nothing, gives no receipt and knows one
 * layer and no past, so it has less to do.
 */
serve(async ({ url, partners, assignments }: BaselineData): Promise<{ address: string }> => {
  const db = await new DataSource({
    type: 'postgres',
    url,
    entities: ENTITIES,
    synchronize: true,
    poolSize: 20,
  }).initialize();
  const ids = new Map<string, Partner>();
  for (const partner of await db.getRepository(Partner).save(partners)) ids.set(partner.code, partner);
  await db.getRepository(Assignment).save(
    assignments.map(({ first, last, from, to, partner }) => ({
      first,
      last,
      effectiveFrom: from === null ? null : new Date(from),
      effectiveTo: to === null ? null : new Date(to),
      partner: ids.get(partner)!,
    })),
    { chunk: 1_000 },
  );
  await db.query('ANALYZE');
  const app = await NestFactory.create<NestExpressApplication>(BaselineModule.with(db), { logger: false });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  await app.listen(0, '127.0.0.1');
  return { address: await app.getUrl() };
});
