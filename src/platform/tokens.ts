/** Injection tokens of what is no class. */
export const CONFIG = Symbol('config');
export const LOGGER = Symbol('logger');
/** The pool of the hot path: pg without TypeORM, as `wegwijzer_service`. */
export const HOT_POOL = Symbol('hot pool');
export const LOG_ORIGIN = Symbol('log origin');
