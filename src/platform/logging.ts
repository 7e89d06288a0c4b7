import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';

/**
 * Structured lines on standard error; standard output is for what a person asked to see. What a request carries
 * is never logged: no header, no query, no body, and of an address only its route pattern.
 */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['secret', 'authorization', '*.secret', '*.authorization', '*.password'],
        remove: true,
      },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** Nest's own messages as lines of the same log; only what went wrong is worth one. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(): void {}

  warn(message: unknown): void {
    this.logger.warn(String(message));
  }

  error(message: unknown): void {
    this.logger.error(message instanceof Error ? message.name : String(message));
  }
}

/** Where an error arose, without its message: messages of PostgreSQL and of parsers quote values. */
export function traceOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error };
  const { code } = error as { code?: unknown };
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at '));
  return { error: error.name, code, frames: frames?.slice(0, 8).map((line) => line.trim()) };
}

/** An error in one line. Those of a host with several addresses have no message of their own. */
export function reasonOf(error: unknown): string {
  const { message, code, errors } = error as { message?: string; code?: string; errors?: unknown[] };
  if (!message && errors?.length) return reasonOf(errors[0]);
  return message?.split('\n')[0] || code || 'unknown error';
}
