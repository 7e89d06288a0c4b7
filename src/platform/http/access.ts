import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

import type { Caller, Role } from '../../shared/caller.js';

export const ACCESS = 'wegwijzer:access';

declare module 'fastify' {
  interface FastifyRequest {
    caller?: Caller;
  }
}

/** The roles that may call this route. A route without `Access` or `Public` refuses everybody. */
export function Access(...roles: Role[]): MethodDecorator {
  return applyDecorators(SetMetadata(ACCESS, roles), ApiBearerAuth('secret'), ApiExtension('x-roles', roles));
}

/** Everybody may call this route, without a secret. */
export function Public(): MethodDecorator {
  return applyDecorators(SetMetadata(ACCESS, 'public'), ApiExtension('x-roles', []));
}

/** The caller that the guard found; first argument of every service method. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  return context.switchToHttp().getRequest<FastifyRequest>().caller!;
});

/** Finds the caller of a secret. The feature that owns credentials implements it. */
export abstract class Authenticator {
  /** `undefined` for a secret that is unknown, expired or revoked. */
  abstract authenticate(secret: string): Promise<Caller | undefined> | Caller | undefined;
}
