import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import pg from 'pg';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';

import { Changes } from './log/changes.js';
import { insertDataKey, selectRecipients } from './log/log.queries.js';
import { LogEntriesController } from './log/log-entries.controller.js';
import { Sealer } from './log/sealer.js';
import { CallerAuthenticator } from './lookup/caller-authenticator.js';
import { FastLane } from './lookup/fast-lane.js';
import { LookupDesk } from './lookup/lookup-desk.js';
import { LookupsController } from './lookup/lookups.controller.js';
import { LookupsService } from './lookup/lookups.service.js';
import { Registry } from './lookup/registry.js';
import { AssignmentImportsService } from './numbering/assignment-imports.service.js';
import { AssignmentsService } from './numbering/assignments.service.js';
import { BlockImportsService } from './numbering/block-imports.service.js';
import { BlocksService } from './numbering/blocks.service.js';
import { NumberPortsService } from './numbering/number-ports.service.js';
import {
  AssignmentsController,
  BlocksController,
  NumberPortsController,
} from './numbering/numbering.controller.js';
import { AuthoritiesController } from './partners/authorities.controller.js';
import { AuthoritiesService } from './partners/authorities.service.js';
import { CredentialUses } from './partners/credential-uses.js';
import { CredentialsController } from './partners/credentials.controller.js';
import { CredentialsService } from './partners/credentials.service.js';
import { PartnerImportsController } from './partners/partner-imports.controller.js';
import { PartnerImportsService } from './partners/partner-imports.service.js';
import { PartnersController } from './partners/partners.controller.js';
import { PartnersService } from './partners/partners.service.js';
import type { Config } from './platform/config.js';
import type { Connections } from './platform/database/connections.js';
import { TenantDoor } from './platform/database/tenant-door.js';
import { HealthController, Readiness } from './platform/health.js';
import { Authenticator } from './platform/http/access.js';
import { AccessGuard } from './platform/http/access.guard.js';
import { ProblemFilter } from './platform/http/problem.filter.js';
import { validationPipe } from './platform/http/validation.js';
import { Metrics } from './platform/metrics.js';
import { CONFIG, HOT_POOL, LOG_ORIGIN, LOGGER } from './platform/tokens.js';
import { Clock } from './shared/clock.js';

/** What the process hands to the application. */
export interface Surroundings {
  config: Config;
  clock: Clock;
  logger: Logger;
  connections: Connections;
  origin: string;
}

const PARTNERS = {
  controllers: [PartnersController, PartnerImportsController, AuthoritiesController, CredentialsController],
  providers: [PartnersService, PartnerImportsService, AuthoritiesService, CredentialsService, CredentialUses],
};

const NUMBERING = {
  controllers: [BlocksController, AssignmentsController, NumberPortsController],
  providers: [
    BlocksService,
    BlockImportsService,
    AssignmentsService,
    AssignmentImportsService,
    NumberPortsService,
  ],
};

const LOOKUP = {
  controllers: [LookupsController],
  providers: [
    Registry,
    LookupDesk,
    LookupsService,
    FastLane,
    CallerAuthenticator,
    { provide: Authenticator, useExisting: CallerAuthenticator },
  ],
};

const LOG = {
  controllers: [LogEntriesController],
  providers: [
    Changes,
    {
      provide: Sealer,
      inject: [HOT_POOL, Clock],
      useFactory: (pool: pg.Pool, clock: Clock) =>
        new Sealer(
          {
            recipients: () => selectRecipients(pool),
            save: (at, wrapped) => insertDataKey(pool, at, wrapped),
          },
          clock,
        ),
    },
  ],
};

/** The table of contents: every controller, every service, and what they stand on. */
@Module({})
export class AppModule {
  static with({ config, clock, logger, connections, origin }: Surroundings): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        HealthController,
        ...PARTNERS.controllers,
        ...NUMBERING.controllers,
        ...LOOKUP.controllers,
        ...LOG.controllers,
      ],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: Clock, useValue: clock },
        { provide: LOGGER, useValue: logger },
        { provide: LOG_ORIGIN, useValue: origin },
        { provide: HOT_POOL, useValue: connections.hot },
        { provide: DataSource, useValue: connections.service },
        { provide: TenantDoor, useValue: new TenantDoor(connections.tenant, connections.service) },
        { provide: Metrics, useValue: new Metrics() },
        { provide: Readiness, useValue: new Readiness() },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useFactory: validationPipe },
        { provide: APP_FILTER, useFactory: () => new ProblemFilter(logger) },
        ...PARTNERS.providers,
        ...NUMBERING.providers,
        ...LOOKUP.providers,
        ...LOG.providers,
      ],
    };
  }
}
