import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import type { Role } from '../../shared/caller.js';
import { Problem } from '../../shared/errors.js';
import { ACCESS, Authenticator } from './access.js';
import { readIdempotency } from './idempotency.js';

const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/** Lets a request through to a handler whose `Access` names the caller's role; all others get 401 or 403. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = Reflect.getMetadata(ACCESS, context.getHandler()) as Role[] | 'public' | undefined;
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const secret = BEARER.exec(request.headers.authorization ?? '')?.[1];
    const found = secret === undefined ? undefined : this.authenticator.authenticate(secret);
    const caller = found instanceof Promise ? await found : found;
    if (!caller || !secret)
      throw new Problem('unauthenticated', 'send Authorization: Bearer with a secret that is valid');
    if (!access?.includes(caller.role))
      throw new Problem('forbidden', `this needs the role ${access?.join(' or ') ?? 'of nobody'}`);
    const idempotency = request.headers['idempotency-key'];
    request.caller =
      idempotency === undefined ? caller : { ...caller, idempotency: readIdempotency(request, secret) };
    return true;
  }
}
